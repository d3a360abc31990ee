import { expect, it } from '@jest/globals';
import { partitionOf } from './partitioner.js';

it('never changes where a key goes: FNV-1a, by its published vectors', () => {
  const hashes = ['', 'a', 'b', 'foobar'].map((key) => partitionOf(key, 2 ** 32));
  expect(hashes).toEqual([0x811c9dc5, 0xe40c292c, 0xe70c2de5, 0xbf9cf968]);
  expect(partitionOf('foobar', 8)).toBe(0xbf9cf968 % 8);
});

it('spreads keys evenly', () => {
  const counts = Array.from({ length: 8 }, () => 0);
  for (let i = 0; i < 8_000; i++)
    counts[partitionOf(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, 8)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
