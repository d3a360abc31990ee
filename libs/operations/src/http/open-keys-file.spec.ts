import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { FakeClock } from '#libs/time/testing';
import { Shutdown } from '../shutdown/shutdown.js';
import { RecordingLogger } from '../testing/recording-logger.js';
import { createKey } from './api-keys.js';
import { openKeysFile } from './open-keys-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'alperf-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it("a program's log says when its keys file is broken, and the keys stay in force until it ends", async () => {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const shutdown = new Shutdown({ clock, log });
  const path = join(folder, 'keys.yaml');
  const { text, entry } = createKey({ id: 'a', scopes: ['read'] });
  writeFileSync(path, stringify({ keys: [entry] }));
  const keys = await openKeysFile(path, { clock, log, shutdown });

  writeFileSync(path, 'keys: 7');
  while (log.lines.length === 0) {
    await clock.advance(2_000);
    await new Promise(setImmediate);
  }
  expect(log.lines[0]).toMatchObject({ level: 'error', message: expect.stringContaining('Keys file cannot be used') });
  expect(keys?.keys.find(text, clock.now())?.id).toBe('a');
  expect(await shutdown.run()).toMatchObject({ clean: true });
});

it('a program without a keys file has no keys', async () => {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  expect(await openKeysFile(undefined, { clock, log, shutdown: new Shutdown({ clock, log }) })).toBeUndefined();
});
