import { describe, expect, it } from '@jest/globals';
import type { ControlOperation } from '#libs/contracts';
import { MAX_KEPT_COMMANDS, MAX_WAITING_COMMANDS, roomFor } from './command-room.js';
import type { StoredCommand } from './documents.js';

let revision = 0;
function aCommand(operation: ControlOperation, dryRun = false): StoredCommand {
  const by = { role: 'operator', key: 'local' } as const;
  const command = { id: `c${++revision}`, revision, cache: 'pages', operation, dryRun, issuedAt: 1, validUntil: 2, by };
  return { service: 'reader', selector: 'all', command };
}
const some = (count: number, operation: ControlOperation, dryRun = false) =>
  Array.from({ length: count }, () => aCommand(operation, dryRun));
const ids = (commands: readonly StoredCommand[] | undefined) => commands?.map(({ command }) => command.id);
const NONE = new Set<string>();

describe('Room for a command', () => {
  it('is there beside any number of looks, and of answered ones', () => {
    const answered = some(200, { do: 'pin', key: 'k' });
    const looks = [...some(100, { do: 'inspect', key: 'k' }), ...some(100, { do: 'clear' }, true)];
    expect(roomFor(aCommand({ do: 'clear' }), [...looks, ...answered], new Set(ids(answered)))).toEqual([]);
  });

  it('is none beside as many that wait for answers as there may be, but for a look', () => {
    const waiting = some(MAX_WAITING_COMMANDS, { do: 'clear' });
    expect(roomFor(aCommand({ do: 'clear' }), waiting, NONE)).toBeUndefined();
    expect(roomFor(aCommand({ do: 'clear' }), waiting.slice(1), NONE)).toEqual([]);
    for (const look of [aCommand({ do: 'clear' }, true), aCommand({ do: 'verify' })])
      expect(roomFor(look, waiting, NONE)).toEqual([]);
    expect(roomFor(aCommand({ do: 'verify', repair: true }), waiting, NONE)).toBeUndefined();
  });

  it('is made by the oldest look, then by the oldest answered one that is not for who starts later', () => {
    const cleared = some(MAX_KEPT_COMMANDS - 3, { do: 'clear' });
    const [pinned, looked] = [some(2, { do: 'pin', key: 'k' }), some(1, { do: 'inspect', key: 'k' })];
    const answered = new Set(ids([...cleared, ...pinned]));
    const valid = [...cleared, ...pinned, ...looked];
    expect(ids(roomFor(aCommand({ do: 'clear' }), valid, answered))).toEqual(ids(looked));
    const [first, ...others] = [...pinned, ...some(1, { do: 'pin', key: 'k' })];
    const all = [...cleared, ...others, first!];
    expect(ids(roomFor(aCommand({ do: 'clear' }), all, new Set(ids(all))))).toEqual(ids([first!]));
    expect(roomFor(aCommand({ do: 'clear' }), some(MAX_KEPT_COMMANDS, { do: 'clear' }), NONE)).toBeUndefined();
    const full = some(MAX_KEPT_COMMANDS, { do: 'clear' });
    expect(roomFor(aCommand({ do: 'pin', key: 'k' }), full, new Set(ids(full)))).toBeUndefined();
  });

  it('is bounded in bytes', () => {
    const large = some(40, { do: 'warm', keys: Array.from({ length: 15 }, () => 'k'.repeat(8_000)) });
    const goes = roomFor(aCommand({ do: 'clear' }), large, new Set(ids(large)));
    expect(ids(goes)).toEqual(ids(large.slice(0, 7)));
  });
});
