import { DEAD_LETTER_CAUSES } from '#libs/contracts';
import type { Invocation } from '../command/command.js';
import { oneOf } from '../command/values.js';
import { moment } from '../command/moment.js';
import type { Filter } from './query.js';

/** Which dead letters the options --service, --cause, --reason, --since and --until mean. @throws UsageError */
export function filterOf(invocation: Invocation, now: number): Filter {
  return {
    service: invocation.text('service'),
    cause: oneOf(invocation, 'cause', DEAD_LETTER_CAUSES),
    reason: invocation.text('reason'),
    since: moment(invocation, 'since', now),
    until: moment(invocation, 'until', now),
  };
}
