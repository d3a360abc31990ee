import { isForLater, parseSelector, selects } from '#libs/contracts';
import type { StoredCommand } from './documents.js';

/** An instance, as far as it decides what it is sent. */
export interface Recipient {
  readonly instance: string;
  /**
   * When it began to listen for the first time, by the API's clock: now, less the time that it says it has been there. So
   * no process needs to have seen it before, and a restart is told apart from a connection that broke, under any id.
   */
  readonly started: number;
}

/** Whether a command of its service is for an instance. */
export function isFor({ selector, command }: StoredCommand, { instance, started }: Recipient): boolean {
  return selects(parseSelector(selector)!, instance) && (started < command.issuedAt || isForLater(command));
}
