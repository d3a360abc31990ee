import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { lockingCache } from '../testing/load-until-killed.js';

// A process of its own runs built code; npm test builds first.
const root = join(import.meta.dirname, '../../../..');
const program = join(root, 'dist/libs/cache/src/testing/load-until-killed.js');

let path: string;
beforeEach(() => {
  expect(existsSync(program)).toBe(true);
  path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

it('loads a key soon after the process that was loading it was killed', async () => {
  const clock = new SystemClock();
  const holder = spawn(process.execPath, [program, path], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const cache = lockingCache(path);
  let loads = 0;
  const asked = cache.getOrLoad('key', () => {
    loads++;
    return 'value';
  });
  // Longer than the lock lasts: the holder renews it.
  await clock.sleep(6_000);
  expect(loads).toBe(0);
  holder.kill('SIGKILL');
  await once(holder, 'close');
  const start = clock.monotonic();
  expect(await asked).toBe('value');
  expect(clock.monotonic() - start).toBeLessThan(8_000);
  await cache.close();
}, 60_000);
