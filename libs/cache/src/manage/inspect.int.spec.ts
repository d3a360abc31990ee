import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createCache } from '../cache.js';
import { disk } from '../disk/index.js';
import { memory } from '../memory/memory-tier.js';

it('says of an entry what it weighs, how old and how used it is, and why it is still here, in memory and on disk', async () => {
  const path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
  const cache = createCache<string, string>({
    name: 'covers',
    tiers: [memory({ maxBytes: 2 ** 20, policy: 'lru' }), disk({ path, maxBytes: 2 ** 20 })],
    ttl: '1h',
  });
  await cache.ready();
  await cache.set('a', 'x'.repeat(1_000), { version: 'v1', tags: ['t'] });
  for (let i = 0; i < 3; i++) await cache.get('a');
  const said = await cache.inspect('a');
  expect(said).toMatchObject([
    { tier: 'memory', state: 'fresh', version: 'v1', tags: ['t'], pinned: false },
    { tier: 'disk', state: 'fresh', version: 'v1', tags: ['t'], pinned: false, uses: 0, usesCountedTo: 3 },
  ]);
  // To look at it, or to write it into a snapshot, is no use of it.
  for await (const _ of cache.exportSnapshot());
  expect((await cache.inspect('a')).map(({ uses }) => uses)).toEqual(said.map(({ uses }) => uses));
  for (const { bytes, ageMs, freshForMs } of said) {
    expect(bytes).toBeGreaterThan(1_000);
    expect(ageMs).toBeGreaterThanOrEqual(0);
    expect(freshForMs).toBeGreaterThan(3_590_000);
  }
  expect(said[0]!.because).toMatch(/^fresh for 3600 s; lru has not had to evict it$/);
  expect(said[1]!.because).toMatch(/^fresh for 3600 s; it waits in the queue of what is new, used 0 times/);
  expect(said.map(({ bytes }) => bytes)).toEqual([cache.stats().tiers[0]!.bytes, cache.stats().tiers[1]!.bytes]);
  await cache.close();
  rmSync(path, { recursive: true });
});
