import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { nearlyEqualHistograms } from '../histogram/equality.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import { Labels } from '../values/labels.js';
import { Cursor, MisreadError } from './cursor.js';
import { histogramNotation, seriesNotation, valueNotation } from './notation-text.js';
import { readMetric, readSeriesLine } from './series-line.js';

function read(line: string) {
  return readSeriesLine(new Cursor(line));
}

function valuesOf(line: string): string {
  return read(`x ${line}`).values.map(valueNotation).join(' ');
}

describe('readMetric', () => {
  it.each([
    ['requests_total', { __name__: 'requests_total' }],
    ['a:b_c1', { __name__: 'a:b_c1' }],
    ['{}', {}],
    ['x{}', { __name__: 'x' }],
    ['x {a="b"}', { __name__: 'x', a: 'b' }],
    ['{__name__="x", a="b",}', { __name__: 'x', a: 'b' }],
    ["x{a='b', c=`d\\`}", { __name__: 'x', a: 'b', c: 'd\\' }],
    ['{"a name", b="c"}', { __name__: 'a name', b: 'c' }],
    ['x{"a.b" = "c"}', { __name__: 'x', 'a.b': 'c' }],
    ['x{a="}\\"{,\\n"}', { __name__: 'x', a: '}"{,\n' }],
    ['x{a=""}', { __name__: 'x' }],
  ])('reads %s', (text, labels) => {
    const cursor = new Cursor(text);
    expect(readMetric(cursor).toObject()).toEqual(labels);
    expect(cursor.isAtEnd).toBe(true);
  });

  it('reads back any labels as they are written', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\uD800-\uDFFF]/u.test(text));
    const any = fc
      .dictionary(fc.oneof(fc.constantFrom('a', 'b_1', '__name__'), value), value)
      .map((labels) => Labels.of(labels));
    fc.assert(
      fc.property(any, (labels) => {
        expect(readMetric(new Cursor(seriesNotation(labels))).toObject()).toEqual(labels.toObject());
      }),
    );
  });
});

describe('readSeriesLine', () => {
  it.each([
    ['1 2 3', '1 2 3'],
    ['0+10x3', '0 10 20 30'],
    ['-2+4x3', '-2 2 6 10'],
    ['1-2x4', '1 -1 -3 -5 -7'],
    ['7x2', '7 7 7'],
    ['5x0', '5'],
    ['0x2', '0 0 0'],
    ['1e2+.5x1', '100 100.5'],
    ['1.5e-1 2E+2', '0.15 200'],
    ['_ _x2 stale', '_ _ _ stale'],
    ['NaN nan Inf -Inf +inf', 'NaN NaN +Inf -Inf +Inf'],
    ['1+Infx1', '1 +Inf'],
    ['', ''],
    ['{{}}', '{{}}'],
    ['{{schema:1 sum:3 count:22 buckets:[5 10 7]}}', '{{schema:1 count:22 sum:3 buckets:[5 10 7]}}'],
    ['{{ sum:-0.3 z_bucket:7 z_bucket_w:0.05 }}', '{{sum:-0.3 z_bucket:7 z_bucket_w:0.05}}'],
    [
      '{{buckets:[1 -2] offset:-3 n_buckets:[4 5.5] n_offset:2}}',
      '{{offset:-3 buckets:[1 -2] n_offset:2 n_buckets:[4 5.5]}}',
    ],
    ['{{buckets:[1 0 0 2]}}', '{{buckets:[1 0 0 2]}}'],
    ['{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}', '{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}'],
    ['{{counter_reset_hint:gauge}}', '{{counter_reset_hint:gauge}}'],
    ['{{count:1}}x1', '{{count:1}} {{count:1}}'],
    ['{{count:1 buckets:[1]}}+{{count:2 buckets:[2 3]}}x1', '{{count:1 buckets:[1]}} {{count:3 buckets:[3 3]}}'],
    [
      '{{count:5 buckets:[5]}}-{{count:2 buckets:[2]}}x2',
      '{{count:5 buckets:[5]}} {{count:3 buckets:[3]}} {{count:1 buckets:[1]}}',
    ],
  ])('expands %s', (line, expected) => {
    expect(valuesOf(line)).toBe(expected);
  });

  it.each([
    ['1+2', 'a space'],
    ['1x', 'a space'],
    ['1x2x3', 'a space'],
    ['stalex', 'a space'],
    ['{{sum:}}', 'a number for sum'],
    ['{{sum:1 sum:2}}', 'a property other than sum'],
    ['{{foo:1}}', 'one of schema, sum'],
    ['{{schema:1.5}}', 'a whole number for schema'],
    ['{{buckets:5}}', 'a list for buckets, as in buckets:[5 10 7]'],
    ['{{buckets:[5}}', 'a number or ] in buckets'],
    ['{{counter_reset_hint:maybe}}', 'one of unknown, reset, not_reset, gauge'],
    ['{{sum:1', 'a property (as schema:1, buckets:[5 10 7]) or }}'],
    ['{{}}+{{}}', 'x and a count, as in {{…}}+{{…}}x5'],
    ['{{schema:3}}+{{schema:1}}x2', 'a step of schema 3 or finer'],
    ['{{schema:-53}}+{{schema:1}}x2', 'buckets of the same kind'],
  ])('refuses %s', (line, expected) => {
    expect(() => read(`x ${line}`)).toThrow(MisreadError);
    expect(() => read(`x ${line}`)).toThrow(expected);
  });

  it('reads back any histogram as it is written', () => {
    fc.assert(
      fc.property(fc.oneof(anyExponential(), anyCustom), (histogram: FloatHistogram) => {
        const [value] = read(`x ${histogramNotation(histogram)}`).values;
        const same = value?.kind === 'histogram' && nearlyEqualHistograms(value.histogram, histogram);
        expect(same).toBe(true);
      }),
    );
  });

  it('notes whether a hint is given; of a step it is that of the step', () => {
    const hints = (line: string): boolean[] =>
      read(`x ${line}`).values.map((value) => value.kind === 'histogram' && value.hintGiven);
    expect(hints('{{counter_reset_hint:unknown}} {{}}')).toEqual([true, false]);
    expect(hints('{{}}+{{counter_reset_hint:gauge}}x1')).toEqual([true, true]);
    expect(hints('{{counter_reset_hint:gauge}}+{{}}x1')).toEqual([false, false]);
  });
});

describe('histogramNotation', () => {
  it('leaves out what is 0, and buckets that are empty at the ends', () => {
    expect(histogramNotation(aHistogram({ positive: { 1: 0, 2: 3, 4: 1, 5: 0 } }))).toBe(
      '{{count:4 sum:4 offset:2 buckets:[3 0 1]}}',
    );
    expect(histogramNotation(aCustomHistogram([1], [0, 2]))).toBe(
      '{{schema:-53 count:2 sum:2 custom_values:[1] offset:1 buckets:[2]}}',
    );
  });
});
