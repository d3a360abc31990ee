import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, isLetterHash, storedHash, type Candidate, type KnownBatch } from './identity.js';

const known = (more: Partial<KnownBatch>): KnownBatch => ({
  offset: 1n,
  hash: 'a',
  letter: false,
  events: 3,
  indexes: [],
  ...more,
});
const record = (more: Partial<Candidate>): Candidate => ({
  offset: 5n,
  hash: 'a',
  letter: false,
  indexes: [0, 1, 2],
  ...more,
});

describe('Deciding what counts under one identity', () => {
  it('takes the batch at the lowest offset, and tells a resend from a conflict', () => {
    expect(decide([], record({}))).toEqual({ decision: 'insert' });
    expect(decide([known({ offset: 5n })], record({}))).toEqual({ decision: 'insert' });
    expect(decide([known({})], record({}))).toEqual({ decision: 'resend' });
    expect(decide([known({ hash: 'b' })], record({}))).toEqual({ decision: 'conflict' });
  });

  it('takes of a letter what no lower offset has, whatever its hash', () => {
    const base = known({ events: 2, indexes: [0, 2] });
    const letter = (indexes: number[], offset = 5n) => record({ letter: true, hash: 'l', indexes, offset });
    expect(decide([base], letter([1]))).toEqual({ decision: 'insert' });
    expect(decide([base], letter([2]))).toEqual({ decision: 'resend' });
    expect(decide([base], letter([1, 2]))).toEqual({ decision: 'insert', taken: new Set([2]) });
    const first = known({ offset: 5n, letter: true, hash: 'l', events: 1, indexes: [1] });
    expect(decide([base, first], letter([1], 6n))).toEqual({ decision: 'resend' });
    expect(decide([base, first], letter([1], 5n))).toEqual({ decision: 'insert' });
  });

  it('never takes a letter for the batch itself', () => {
    const letter = known({ letter: true, hash: 'l', events: 1, indexes: [1] });
    expect(decide([letter], record({}))).toEqual({ decision: 'insert', taken: new Set([1]) });
  });

  it('counts every index once and decides the same when the whole log comes again', () => {
    const indexes = fc.uniqueArray(fc.nat(6), { maxLength: 6 }).map((list) => list.toSorted((a, b) => a - b));
    const candidate = fc.record({ letter: fc.boolean(), hash: fc.constantFrom('a', 'b'), indexes });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 8 }), (records) => {
        const batches: KnownBatch[] = [];
        const play = () =>
          records.flatMap((one, at) => {
            const candidate = { ...one, offset: BigInt(at) };
            const { decision, taken } = decide(batches, candidate);
            if (decision !== 'insert') return [];
            const rest = one.indexes.filter((index) => taken?.has(index) !== true);
            const { offset, hash, letter } = candidate;
            if (!batches.some((batch) => batch.offset === offset))
              batches.push({ offset, hash, letter, events: rest.length, indexes: rest });
            return [{ at, rest }];
          });
        const first = play();
        const counted = first.flatMap(({ rest }) => rest);
        expect(new Set(counted).size).toBe(counted.length);
        expect(play()).toEqual(first);
      }),
    );
  });

  it('marks the hash of a letter', () => {
    expect(isLetterHash(storedHash('ab', true))).toBe(true);
    expect(isLetterHash(storedHash('ab', false))).toBe(false);
  });
});
