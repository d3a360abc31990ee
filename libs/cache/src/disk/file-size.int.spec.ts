import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_RECORDER } from '#libs/contracts';
import { SystemClock } from '#libs/time';
import { disk } from './disk-tier.js';

const clock = new SystemClock();

describe('The file of a disk tier', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  it.each([
    { maxBytes: 4 * 2 ** 20, valueBytes: 10_000, writes: 3_000 },
    { maxBytes: 16 * 2 ** 20, valueBytes: 10_000, writes: 6_000 },
    { maxBytes: 4 * 2 ** 20, valueBytes: 300, writes: 12_000 },
    { maxBytes: 4 * 2 ** 20, valueBytes: 2 ** 20, writes: 60 },
  ])(
    'gets half larger than its budget at most, however much is written at once: %o',
    async (given) => {
      const { maxBytes, valueBytes, writes } = given;
      const tier = disk({ path, maxBytes });
      const onProblem = (problem: Error) => {
        throw problem;
      };
      await tier.open({ cache: 'books', clock, random: Math.random, recorder: NO_RECORDER, onProblem });
      const value = Buffer.alloc(valueBytes, 7);
      for (let round = 0; round < 2; round++)
        await Promise.all(
          Array.from({ length: writes }, (_, i) =>
            tier.set(`${round}:${i}`, { value, negative: false, storedAt: clock.now(), freshMs: 60_000, staleMs: 0 }),
          ),
        );
      expect(tier.usage().bytes).toBeGreaterThan(maxBytes * 0.7);
      await tier.close();
      expect(statSync(join(path, 'data.mdb')).size / maxBytes).toBeLessThan(1.5);
    },
    60_000,
  );
});
