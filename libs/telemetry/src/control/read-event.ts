import type { ControlCommand, ControlHello, ControlState } from '#libs/contracts';
import type { ChannelEvent } from './control-step.js';
import type { StreamEvent } from './sse-parser.js';

/**
 * What an event of the stream says, or undefined when it is none that this version knows. It looks at what the client
 * itself relies on, by hand: a schema's checker would weigh more than the whole client in a page. Settings and
 * operations are the target's to judge.
 */
export function readEvent({ name, data }: StreamEvent): ChannelEvent | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isMap(parsed)) return undefined;
  if (name === 'hello' && isTime(parsed['now'])) return { kind: 'hello', hello: parsed as unknown as ControlHello };
  if (name === 'state' && isState(parsed)) return { kind: 'state', state: parsed as unknown as ControlState };
  if (name === 'command' && isCommand(parsed)) return { kind: 'command', command: parsed as unknown as ControlCommand };
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function isState({ revision, at, on, by, caches, authors = {}, lastOff = 0 }: Fields): boolean {
  return (
    isTime(revision) &&
    isTime(at) &&
    typeof on === 'boolean' &&
    isAuthor(by) &&
    isMap(caches) &&
    Object.values(caches).every(isMap) &&
    isMap(authors) &&
    Object.values(authors).every(isAuthor) &&
    isTime(lastOff)
  );
}

function isCommand({ id, revision, cache, operation, dryRun, issuedAt, validUntil, by }: Fields): boolean {
  return (
    typeof id === 'string' &&
    isTime(revision) &&
    typeof cache === 'string' &&
    isMap(operation) &&
    typeof operation['do'] === 'string' &&
    typeof dryRun === 'boolean' &&
    isTime(issuedAt) &&
    isTime(validUntil) &&
    isAuthor(by)
  );
}

function isAuthor(by: unknown): boolean {
  return isMap(by) && (by['role'] === 'operator' || by['role'] === 'controller') && typeof by['key'] === 'string';
}

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
