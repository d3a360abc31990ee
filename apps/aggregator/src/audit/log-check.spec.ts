import { describe, expect, it } from '@jest/globals';
import type { Candidate, KnownBatch } from '../insert/identity.js';
import { judge, logChunks, logSlices, NO_LETTERS, type Letters } from './log-check.js';

const record: Candidate = { offset: 5n, hash: 'a', letter: false, indexes: [0, 1, 2, 3, 4] };
const row = (more: Partial<KnownBatch> = {}): KnownBatch => ({
  offset: 5n,
  hash: 'a',
  letter: false,
  events: 5,
  indexes: [],
  ...more,
});
const mended: Candidate = { ...record, letter: true, hash: 'm', indexes: [1, 5] };
const mendedRow = { hash: 'letter:m', letter: true };
const lower = row({ offset: 1n });

interface Case {
  readonly what: string;
  readonly record: Candidate | undefined;
  readonly known?: readonly KnownBatch[];
  readonly letters?: Partial<Letters>;
  readonly lost: number;
  readonly conflicts?: number;
}

const cases: readonly Case[] = [
  { what: 'all of it is there', record, known: [row()], lost: 0 },
  { what: 'batches know nothing of it', record, lost: 5 },
  { what: 'batches know fewer events than it brought', record, known: [row({ events: 2 })], lost: 3 },
  { what: 'the rest was too late', record, known: [row({ events: 2 })], letters: { tooLate: 3 }, lost: 0 },
  { what: 'only some of the rest was too late', record, known: [row({ events: 2 })], letters: { tooLate: 1 }, lost: 2 },
  { what: 'a heartbeat has no row', record: { ...record, indexes: [] }, lost: 1 },
  { what: 'a heartbeat has its row', record: { ...record, indexes: [] }, known: [row({ events: 0 })], lost: 0 },
  { what: 'a lower offset counts, with fewer events', record, known: [row({ offset: 1n, events: 2 })], lost: 0 },
  { what: 'only a higher offset is there', record, known: [row({ offset: 9n })], lost: 5 },
  { what: 'its value could not be read', record, letters: { poison: true }, lost: 0 },
  { what: 'nothing of it could be read', record: undefined, letters: { poison: true }, lost: 0 },
  { what: 'nothing of it could be read, and no letter says so', record: undefined, lost: 1 },
  {
    what: 'other bytes came first',
    record,
    known: [row({ offset: 1n, hash: 'b' })],
    letters: { conflict: true },
    lost: 0,
    conflicts: 1,
  },
  {
    what: 'other bytes came first, and no letter says so',
    record,
    known: [row({ offset: 1n, hash: 'b' })],
    lost: 5,
    conflicts: 1,
  },
  {
    what: 'a mended letter brings what is not taken yet',
    record: mended,
    known: [lower, row({ ...mendedRow, events: 1, indexes: [5] })],
    lost: 0,
  },
  {
    what: 'what a mended letter brings is not there',
    record: mended,
    known: [lower, row({ ...mendedRow, events: 0 })],
    lost: 1,
  },
  { what: 'a mended letter has no row', record: mended, known: [lower], lost: 1 },
  { what: 'all of a mended letter is taken', record: { ...mended, indexes: [1] }, known: [lower], lost: 0 },
];

describe('Judging a record of the log', () => {
  it.each(cases)('$what', ({ record, known = [], letters, lost, conflicts = 0 }) => {
    expect(judge(record, known, { ...NO_LETTERS, ...letters })).toEqual({
      checked: record?.indexes.length ?? 1,
      lost,
      duplicated: 0,
      conflicts,
    });
  });
});

describe('Chunks of the log', () => {
  it('cover what is held and committed, and the last one grows', () => {
    expect(logSlices(499_999n, 500_001n)).toEqual([0, 500_000]);
    expect(logSlices(0n, 0n)).toEqual([]);
    expect(logChunks([0], 1_200n, 1_750n)).toEqual([
      { at: 1_000, size: 500 },
      { at: 1_500, size: 250 },
    ]);
    expect(logChunks([0, 500_000], 499_700n, 500_100n)).toEqual([
      { at: 499_500, size: 500 },
      { at: 500_000, size: 100 },
    ]);
  });
});
