import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EmptyInputError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { positiveNumber } from '../command/values.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { linesOf } from '../input/lines.js';
import { FirstRejections } from './first-rejections.js';
import { Gatherer, type Outgoing } from './gather.js';
import { postPatiently } from './post.js';

/** Rejections shown; all are counted. */
const SHOWN = 1_000;

export const sendCommand: Command = {
  name: 'send',
  summary: 'Send events from a file, one JSON object per line.',
  description:
    'A line is an event, or a whole batch with its own emitter and sequence. Events that do not fit their schema are ' +
    'reported with their line and not sent.',
  arguments: [{ name: 'FILE', help: 'A file with one event or batch per line; - for stdin.' }],
  options: {
    ...SERVER_OPTIONS,
    service: {
      type: 'string',
      placeholder: 'NAME',
      help: 'Service that single events are sent under.',
      fallback: 'alperf-send',
    },
    wait: {
      type: 'string',
      placeholder: 'SECONDS',
      help: 'How long to wait for a server that does not answer.',
      fallback: '60',
    },
    'dry-run': { type: 'boolean', help: 'Only check the events; send nothing.' },
  },
  examples: [
    'send events.ndjson',
    'send - --service my-service --json < events.ndjson',
    'send events.ndjson --dry-run',
  ],
  run: send,
};

async function send(invocation: Invocation, host: Host): Promise<Answer> {
  const path = invocation.argument('FILE')!;
  const patienceMs = positiveNumber(invocation, 'wait')! * 1_000;
  const dryRun = invocation.flag('dry-run');
  const service = invocation.text('service')!;
  const instance = randomUUID();
  const server = new Server(invocation, host);
  const rejections = new FirstRejections(SHOWN);
  const gatherer = new Gatherer(
    { service, instance, version: '1' },
    () => host.clock.now(),
    (rejection) => rejections.add(rejection),
  );
  const total = { events: 0, batches: 0, accepted: 0, unknownFields: 0, capped: 0 };

  const post = async ({ body, lines }: Outgoing) => {
    total.events += lines.length;
    total.batches += 1;
    if (dryRun) return;
    const answer = await postPatiently(server, body, host, patienceMs);
    total.accepted += answer.accepted;
    total.unknownFields += answer.unknownFields;
    total.capped += answer.capped;
    for (const { index, pointer, reason } of answer.rejected)
      rejections.add({ line: lines[index] ?? 0, pointer: pointer.replace(/^\/events\/\d+/, ''), reason });
  };

  let line = 0;
  for await (const text of linesOf(path, resolve(host.cwd, path), host)) {
    line += 1;
    for (const outgoing of gatherer.add(text, line)) await post(outgoing);
  }
  for (const outgoing of gatherer.flush()) await post(outgoing);

  const { count: rejected, shown, leftOut } = rejections;
  if (total.batches === 0 && rejected === 0)
    throw new EmptyInputError(path, 'no event', 'Give a file with one event or batch per line, as JSON.');
  return {
    exitCode: rejected > 0 ? EXIT.rejected : EXIT.ok,
    json: {
      file: path,
      service,
      instance,
      dryRun,
      lines: line,
      ...total,
      rejected,
      rejections: shown,
      rejectionsLeftOut: leftOut,
    },
    text: [
      ...shown.map((one) => `line ${one.line}${one.pointer === '' ? '' : ` at ${one.pointer}`}: ${one.reason}`),
      ...(leftOut === 0 ? [] : [`… and ${leftOut} more, which are not shown: only the first ${SHOWN} are.`]),
      dryRun
        ? `${counted(total.events, 'event')} would be sent in ${counted(total.batches, 'batch', 'batches')}, ${rejected} would be rejected.`
        : `${counted(total.accepted, 'event')} accepted in ${counted(total.batches, 'batch', 'batches')}, ${rejected} rejected.`,
    ].join('\n'),
  };
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
