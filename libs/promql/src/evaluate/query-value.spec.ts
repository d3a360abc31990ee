import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Labels } from '../values/labels.js';
import { compareLabels, compareText } from './query-value.js';

describe('compareText', () => {
  it('orders text as its bytes in UTF-8 are', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareText(a, b))).toBe(expected);
      }),
    );
  });
});

describe('compareLabels', () => {
  it.each([
    [{}, { a: '1' }],
    [{ a: '1' }, { a: '2' }],
    [{ a: '1' }, { a: '1', b: '1' }],
    [{ a: '2' }, { b: '1' }],
    [{ a: '\uffff' }, { a: '😀' }],
  ])('puts %j before %j', (a, b) => {
    expect(compareLabels(Labels.of(a), Labels.of(b))).toBeLessThan(0);
    expect(compareLabels(Labels.of(b), Labels.of(a))).toBeGreaterThan(0);
    expect(compareLabels(Labels.of(a), Labels.of(a))).toBe(0);
  });
});
