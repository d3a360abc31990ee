import { describe, expect, it } from '@jest/globals';
import { QueryFailedError, QueryLimitError } from '../errors.js';
import { MemorySource } from '../source/memory-source.js';
import { SeriesSource, type SeriesSamples, type SeriesSelection } from '../source/series-source.js';
import type { Expression } from '../syntax/ast.js';
import { parseQuery } from '../syntax/parse-query.js';
import { Labels } from '../values/labels.js';
import { evaluateQuery } from './evaluate-query.js';
import type { Query } from './query.js';

function sourceOf(series: number, samples: number): MemorySource {
  const source = new MemorySource();
  for (let n = 0; n < series; n++)
    source.add(
      Labels.of({ __name__: 'a', n: String(n) }),
      Array.from({ length: samples }, (_, at) => ({ time: at * 1_000, value: at })),
    );
  return source;
}

function ask(text: string, more: Partial<Query>): Promise<unknown> {
  return evaluateQuery({ expression: parseQuery(text), times: { at: 100_000 }, source: sourceOf(5, 100), ...more });
}

describe('A query over a limit', () => {
  it.each<readonly [string, string, Partial<Query>]>([
    ['steps', 'a', { times: { start: 0, end: 31_536_000_000, stepMs: 1 } }],
    ['steps', '1', { times: { start: 0, end: 100_000, stepMs: 1_000 }, limits: { steps: 100 } }],
    ['series', 'sum(a)', { limits: { series: 4 } }],
    ['samples', 'sum(rate(a[5m]))', { limits: { samples: 400 } }],
    ['samples', 'max_over_time(vector(1)[1y:1ms])', {}],
    [
      'samples',
      'count_values("v", a)',
      { times: { start: 0, end: 99_000, stepMs: 1_000 }, limits: { samples: 5_000 } },
    ],
  ])('is refused with the name of the limit: %s of %s', async (limit, text, more) => {
    const failure: unknown = await ask(text, more).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueryLimitError);
    expect(failure).toMatchObject({ limit, message: expect.stringContaining(`"${limit}"`) });
  });

  it('is refused when it is nested too deep to be evaluated', async () => {
    const span = { from: 0, to: 1 };
    let expression: Expression = { kind: 'number', value: 1, isDuration: false, span };
    for (let level = 0; level < 100_000; level++) expression = { kind: 'parenthesized', expression, span };
    const asked = evaluateQuery({ expression, times: { at: 0 }, source: new MemorySource() });
    await expect(asked).rejects.toMatchObject({ limit: 'depth' });
  });

  it.each([
    ['signs', `${'-'.repeat(150)}a`],
    ['operators', Array.from({ length: 150 }, () => 'a').join(' + ')],
    ['calls', `${'abs('.repeat(150)}a${')'.repeat(150)}`],
  ])('is evaluated when it is as deep as may be: %s', async (_what, text) => {
    await expect(ask(text, {})).resolves.toBeDefined();
  });

  it('is evaluated when it is as deep as the limit', async () => {
    const span = { from: 0, to: 1 };
    let expression = parseQuery('a');
    for (let level = 0; level < 990; level++) expression = { kind: 'unary', operator: '-', expression, span };
    await expect(ask('a', { expression, times: { start: 0, end: 5_000, stepMs: 1_000 } })).resolves.toBeDefined();
  });

  it('gives back what parts held that are done with', async () => {
    const text = Array.from({ length: 20 }, () => 'sum(a)').join(' + ');
    const times = { start: 0, end: 99_000, stepMs: 1_000 };
    await expect(ask(text, { times, limits: { samples: 20 * 500 + 1_200 } })).resolves.toBeDefined();
  });
});

describe('Times of a query', () => {
  it.each<Query['times']>([
    { at: NaN },
    { start: 0, end: Infinity, stepMs: 1 },
    { start: 0, end: 1, stepMs: 0 },
    { start: 0, end: 1, stepMs: -1 },
    { start: 0, end: 1, stepMs: NaN },
  ])('are refused when no step can be at them: %j', async (times) => {
    await expect(ask('a', { times })).rejects.toBeInstanceOf(QueryFailedError);
  });

  it('may be none, and give nothing', async () => {
    const answer = await ask('a', { times: { start: 1, end: 0, stepMs: 1 } });
    expect(answer).toMatchObject({ value: { type: 'matrix', series: [] } });
  });
});

describe('A signal', () => {
  it('ends a query before it begins', async () => {
    const reason = new Error('The client went away.');
    await expect(ask('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('ends a query that is under way', async () => {
    const abort = new AbortController();
    const reason = new Error('The client went away.');
    setImmediate(() => abort.abort(reason));
    const times = { start: 0, end: 99_000, stepMs: 10 };
    const text = Array.from({ length: 50 }, () => 'quantile_over_time(0.5, a[1m])').join(' + ');
    await expect(ask(text, { times, signal: abort.signal, source: sourceOf(40, 100) })).rejects.toBe(reason);
  });
});

class RecordingSource extends SeriesSource {
  readonly selections: SeriesSelection[] = [];

  override async select(selection: SeriesSelection): Promise<readonly SeriesSamples[]> {
    this.selections.push(selection);
    return [];
  }
}

describe('Selections', () => {
  const times = { start: 1_000_000, end: 1_600_000, stepMs: 60_000 };
  const matchers = [{ name: '__name__', operator: '=', value: 'a' }];

  it.each([
    ['a', 700_000, 1_600_000],
    ['a offset 1m', 640_000, 1_540_000],
    ['rate(a[2m])', 880_000, 1_600_000],
    ['a @ 500', 200_000, 500_000],
    ['a @ end() offset 1m', 1_240_000, 1_540_000],
    ['rate(a[2m] @ start())', 880_000, 1_000_000],
    ['max_over_time(a[10m:1m])', 420_000 - 300_000, 1_560_000],
    ['max_over_time(a[10m:1m] @ 900 offset 1m)', 300_000 - 300_000, 840_000],
    ['max_over_time(rate(a[5m])[10m:7m] offset 1m)', 420_000 - 300_000, 1_260_000],
  ])('%s looks at what is after %d and up to %d', async (text, afterMs, untilMs) => {
    const source = new RecordingSource();
    await evaluateQuery({ expression: parseQuery(text), times, source });
    expect(source.selections).toEqual([{ matchers, afterMs, untilMs }]);
  });

  it('are fetched once when two are the same', async () => {
    const source = new RecordingSource();
    await evaluateQuery({ expression: parseQuery('rate(a[5m]) / (a + a)'), times, source });
    expect(source.selections).toEqual([{ matchers, afterMs: 700_000, untilMs: 1_600_000 }]);
  });

  it('pass on what the source fails with', async () => {
    class BrokenSource extends SeriesSource {
      override async select(): Promise<never> {
        throw new QueryFailedError('The engine is gone.');
      }
    }
    const query = { expression: parseQuery('a + b'), times, source: new BrokenSource() };
    await expect(evaluateQuery(query)).rejects.toThrow('The engine is gone.');
  });
});
