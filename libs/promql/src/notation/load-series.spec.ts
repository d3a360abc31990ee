import { describe, expect, it } from '@jest/globals';
import { MemorySource } from '../source/memory-source.js';
import { Labels } from '../values/labels.js';
import { loadSeries } from './load-series.js';
import { histogramNotation } from './notation-text.js';
import { NotationError } from './notation-error.js';
import { readNotation } from './read-notation.js';

function loaded(script: string): MemorySource {
  const source = new MemorySource();
  for (const command of readNotation(script)) if (command.kind === 'load') loadSeries(command, source);
  return source;
}

const X = Labels.of({ __name__: 'x' });

function hintsOf(values: string): (string | undefined)[] {
  return loaded(`load 1m\n x ${values}`)
    .samplesOf(X)
    .map(({ histogram }) => histogram?.counterReset);
}

describe('loadSeries', () => {
  it('puts values at their steps from 0', () => {
    expect(loaded('load 5m\n x 1 _ stale 4').samplesOf(X)).toEqual([
      { time: 0, value: 1 },
      { time: 600_000, stale: true },
      { time: 900_000, value: 4 },
    ]);
  });

  it('adds to what was loaded before', () => {
    expect(loaded('load 1m\n x 1\n\nload 1m\n x _ 2').samplesOf(X)).toHaveLength(2);
  });

  it('loads cumulative samples', async () => {
    const [series] = await loaded('load 1m\n x 1').select({ matchers: [], afterMs: -1, untilMs: 9 });
    expect(series?.temporality).toBe('cumulative');
  });

  it.each([
    ['{{count:1 buckets:[1]}}+{{count:1 buckets:[1]}}x1', ['unknown', 'not_reset']],
    ['{{count:2 buckets:[2]}} {{count:1 buckets:[1]}} {{count:1 buckets:[1]}}', ['unknown', 'unknown', 'not_reset']],
    ['{{count:1 counter_reset_hint:not_reset}} {{count:1 counter_reset_hint:reset}}', ['unknown', 'unknown']],
    ['{{count:1 counter_reset_hint:gauge}}x1 {{count:1}}x1', ['gauge', 'gauge', 'unknown', 'not_reset']],
    ['{{count:1}} 5 {{count:1}} stale {{count:1}}', ['unknown', undefined, 'unknown', undefined, 'unknown']],
    ['{{schema:1 count:1}} {{schema:0 count:1}} {{z_bucket_w:1 count:1}}', ['unknown', 'unknown', 'unknown']],
    ['{{schema:-53 custom_values:[1]}} {{schema:-53 custom_values:[2]}}x1', ['unknown', 'unknown', 'not_reset']],
  ])('says of resets what a store knows: %s', (values, hints) => {
    expect(hintsOf(values)).toEqual(hints);
  });

  it('makes native histograms of classic ones, beside them', () => {
    const source = loaded(`load_with_nhcb 1m
      lat_bucket{le="1", job="a"} 1 2
      lat_bucket{le="5", job="a"} 4 5
      lat_bucket{le="+Inf", job="a"} 4 9
      lat_count{job="a"} 4 9
      lat_sum{job="a"} 10 50
      other 1`);
    const native = source.samplesOf(Labels.of({ __name__: 'lat', job: 'a' }));
    expect(native.map(({ histogram }) => (histogram === undefined ? '' : histogramNotation(histogram)))).toEqual([
      '{{schema:-53 count:4 sum:10 custom_values:[1 5] buckets:[1 3]}}',
      '{{schema:-53 count:9 sum:50 custom_values:[1 5] counter_reset_hint:not_reset buckets:[2 3 4]}}',
    ]);
    expect(source.samplesOf(Labels.of({ __name__: 'lat_count', job: 'a' }))).toHaveLength(2);
    expect(source.samplesOf(Labels.of({ __name__: 'other' }))).toHaveLength(1);
  });

  it('takes the count of the highest bucket where none is given, and the other way round', () => {
    const counted = loaded('load_with_nhcb 1m\n a_bucket{le="1"} 3\n b_count 5');
    expect(counted.samplesOf(Labels.of({ __name__: 'a' }))[0]?.histogram).toMatchObject({
      count: 3,
      customBounds: [1],
    });
    expect(counted.samplesOf(Labels.of({ __name__: 'b' }))[0]?.histogram).toMatchObject({ count: 5, customBounds: [] });
  });

  it.each([
    ['load 1m\n x {{schema:20}}', 'line 1: x: schema 20 is not from -4 to 8'],
    ['load 1m\n x {{buckets:[-1]}}', 'line 1: x: positive buckets: the count -1 is below 0'],
    [
      'load_with_nhcb 1m\n x_bucket{le="1"} 3\n x_bucket{le="2"} 1',
      'the bucket up to 2 counts less than the one before',
    ],
    ['load_with_nhcb 1m\n x_bucket{le="+Inf"} 3\n x_count 1', 'the count is 1, and that of the bucket +Inf 3'],
  ])('refuses %j', (script, message) => {
    expect(() => loaded(script)).toThrow(NotationError);
    expect(() => loaded(script)).toThrow(message);
  });
});
