import { describe, expect, it } from '@jest/globals';
import { MAX_BIN } from '#libs/contracts';
import fc from 'fast-check';
import { binIndex } from './bin-index.js';

/** A positive finite double as numerator · 2^exponent, without rounding. */
function exactly(value: number): [numerator: bigint, exponent: number] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  return exponent === 0 ? [fraction, -1074] : [fraction + (1n << 52n), exponent - 1075];
}

/** Is value > 2^(i/32)? That is numerator^32 · 2^(32·exponent) > 2^i. */
function isAbove(value: number, i: number): boolean {
  const [numerator, exponent] = exactly(value);
  const shift = i - 32 * exponent;
  const power = numerator ** 32n;
  return shift >= 0 ? power > 1n << BigInt(shift) : power << BigInt(-shift) > 1n;
}

const isRight = (value: number, bin: number) => isAbove(value, bin) && !isAbove(value, bin + 1);
const neighbours = (value: number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  return [-2n, -1n, 0n, 1n, 2n].map((step) => {
    view.setBigUint64(0, bits + step);
    return view.getFloat64(0);
  });
};

describe('The bin of a value', () => {
  it('is the one that the definition says, for any double', () => {
    fc.assert(
      fc.property(fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true }), (value) =>
        isRight(value, binIndex(value)),
      ),
      { numRuns: 2_000 },
    );
  });

  it('is right on both sides of every boundary of several doublings', () => {
    for (const exponent of [-1000, -30, -1, 0, 1, 9, 30, 52, 1000])
      for (let j = 0; j < 32; j++)
        for (const value of neighbours(2 ** (exponent + j / 32)))
          expect([value, isRight(value, binIndex(value))]).toEqual([value, true]);
  });

  it('puts a power of two into the bin that it closes', () => {
    for (let exponent = -1022; exponent <= 1023; exponent++) expect(binIndex(2 ** exponent)).toBe(exponent * 32 - 1);
  });

  it('covers subnormal numbers and ends at the last bin of the contract', () => {
    expect(binIndex(Number.MIN_VALUE)).toBe(-1074 * 32 - 1);
    expect(binIndex(Number.MAX_VALUE)).toBe(MAX_BIN);
  });
});
