import { isForLater } from '#libs/contracts';
import { encode, type StoredCommand } from './documents.js';

/** Commands of one service that are valid and not answered by all whom they are for. */
export const MAX_WAITING_COMMANDS = 32;
/** Commands of one service that are kept at one time: answered ones for those who start later, and for whoever asks. */
export const MAX_KEPT_COMMANDS = 512;
const MAX_KEPT_BYTES = 4_000_000;

/** Whether it changes nothing, and so has no place in the history, and takes none from a command that does. */
export function isLook({ operation, dryRun }: StoredCommand['command']): boolean {
  return dryRun || operation.do === 'inspect' || (operation.do === 'verify' && operation.repair !== true);
}

/**
 * What must go for another command to have room, or undefined when there is none: looks first, then what was answered and
 * is for nobody who starts later, the oldest first. Pure.
 * @param valid those of its service. @param answered ids of those that all whom they are for have answered.
 */
export function roomFor(
  next: StoredCommand,
  valid: readonly StoredCommand[],
  answered: ReadonlySet<string>,
): readonly StoredCommand[] | undefined {
  const looks = valid.filter(({ command }) => isLook(command));
  const changes = valid.filter(({ command }) => !isLook(command));
  const waiting = changes.filter(({ command }) => !answered.has(command.id));
  if (!isLook(next.command) && waiting.length >= MAX_WAITING_COMMANDS) return undefined;
  const oldestFirst = (a: StoredCommand, b: StoredCommand) => a.command.revision - b.command.revision;
  const done = changes.filter(({ command }) => answered.has(command.id) && !isForLater(command));
  const mayGo = [...looks.sort(oldestFirst), ...done.sort(oldestFirst)];
  const isOver = (count: number, bytes: number) => count > MAX_KEPT_COMMANDS || bytes > MAX_KEPT_BYTES;
  let count = valid.length + 1;
  let bytes = [next, ...valid].reduce((sum, one) => sum + bytesOf(one), 0);
  const goes: StoredCommand[] = [];
  while (isOver(count, bytes)) {
    const one = mayGo[goes.length];
    if (one === undefined) return undefined;
    goes.push(one);
    count--;
    bytes -= bytesOf(one);
  }
  return goes;
}

const bytesOf = (one: StoredCommand): number => encode(one).byteLength;
