import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AN_INSTANT, anEmitter, aMetric } from '#libs/contracts/testing';
import { PROBLEMS } from '#libs/operations';
import { sortLetters } from './letters.js';

describe('Sorting dead letters', () => {
  const now = AN_INSTANT + 1_000;
  const letter = fc.record({
    emitter: fc.constantFrom<unknown>(anEmitter(), anEmitter({ service: 'other' }), {}, null),
    sequence: fc.constantFrom<unknown>(0, 1, -1),
    index: fc.constantFrom<unknown>(0, 1, 2, 3, 1.5, '1'),
    originalAcceptedAt: fc.constantFrom<unknown>(AN_INSTANT, AN_INSTANT + 1, now + 1),
    event: fc.constantFrom<unknown>(aMetric(), { kind: 'metric' }, null),
  });

  it('puts each letter into one group or rejects it, never both, with ascending indexes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(letter, fc.jsonValue()), { maxLength: 30 }), (letters) => {
        const { groups, rejections } = sortLetters({ letters }, now);
        const seen = [...groups.flatMap(({ positions }) => positions), ...rejections.map(({ index }) => index)];
        expect(seen.toSorted((a, b) => a - b)).toEqual(letters.map((_, at) => at));
        for (const { indexes, positions, checked } of groups) {
          expect(checked.batch.events).toHaveLength(indexes.length);
          expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
          expect(positions.map((at) => (letters[at] as { index: number }).index)).toEqual(indexes);
        }
      }),
    );
  });

  it('refuses a body that holds no list', () => {
    for (const body of [null, 1, {}, { letters: {} }, []])
      expect(() => sortLetters(body, now)).toThrow(
        expect.objectContaining({ code: 'INVALID_LETTERS', message: expect.stringContaining('/letters') }),
      );
    // A letter keeps its identity: under another sequence it would be counted beside what is stored.
    expect(PROBLEMS.INVALID_LETTERS.remedy).toMatch(/under its own identity/);
  });
});
