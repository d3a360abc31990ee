import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock } from '#libs/time';
import { CONTROL_SCOPE, ControlState } from './control-state.js';
import { encode, KEYS, type StoredCommand } from './documents.js';

const clock = new SystemClock();
const BY = { role: 'operator', key: 'local' } as const;
let folder: string;
let store: EmbeddedStateStore;
let state: ControlState;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'alperf-control-state-'));
  store = await EmbeddedStateStore.open({ path: folder });
  state = new ControlState(store, clock, () => 0.5);
});

afterEach(async () => {
  await state.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const give = (service: string) =>
  state.addCommand(service, randomUUID(), { cache: 'pages', operation: { do: 'clear' } }, BY, new Set());
const valid = async () => [...(await state.read()).commands.values()].map(({ service }) => service).sort();

it('withdraws commands with the switch of their service, for good', async () => {
  for (const service of ['reader', 'reader', 'catalogue']) await give(service);
  await state.setSwitch('reader', true, BY);
  expect(await valid()).toEqual(['catalogue', 'reader', 'reader']);
  await state.setSwitch('reader', false, BY);
  expect(await valid()).toEqual(['catalogue']);
  await state.setSwitch('reader', true, BY);
  expect(await valid()).toEqual(['catalogue']);
  await give('reader');
  await state.setSwitch('reader', true, BY);
  expect(await valid()).toEqual(['catalogue', 'reader']);
});

it('switches all services off in one small write, however many commands are valid, and forgets them bit by bit', async () => {
  // More keys than one write takes; the store itself allows some thousand services with 512 commands each.
  const issuedAt = clock.now();
  const writer = await store.open(CONTROL_SCOPE);
  for (let lot = 0; lot < 70; lot++)
    await writer.putAll(
      Array.from({ length: 1_000 }, () => {
        const [id, operation] = [randomUUID(), { do: 'clear' } as const];
        const over = { revision: issuedAt, issuedAt, validUntil: issuedAt + 600_000 };
        const command = { id, cache: 'pages', operation, dryRun: false, by: BY, ...over };
        const stored: StoredCommand = { service: 'reader', selector: 'all', command };
        return { key: KEYS.command(id), value: encode(stored) };
      }),
    );
  await writer.close();
  expect((await state.read()).commands.size).toBe(70_000);
  await state.setSwitch(undefined, false, BY);
  await state.setSwitch(undefined, true, BY);
  const { commands, withdrawn } = await state.read();
  expect([commands.size, withdrawn.length]).toEqual([0, 70_000]);
  await state.forget(withdrawn);
  expect(await store.list(CONTROL_SCOPE, 'command/')).toEqual([]);
}, 60_000);
