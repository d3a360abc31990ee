import { describe, expect, it } from '@jest/globals';
import type { Query, QueryTimes } from '../evaluate/query.js';
import type { QueryResult, QueryValue } from '../evaluate/query-result.js';
import type { Expression, VectorSelector } from '../syntax/ast.js';
import { aHistogram } from '../testing/any-histogram.js';
import type { Annotation } from '../values/annotations.js';
import { Labels, METRIC_NAME } from '../values/labels.js';
import { NotationError } from './notation-error.js';
import { runNotation, type EvalResult, type QueryLanguage } from './run-notation.js';

function selectorOf(name: string): VectorSelector {
  const matchers = [{ name: METRIC_NAME, operator: '=', value: name } as const];
  return { kind: 'selector', span: { from: 0, to: name.length }, name, matchers, offsetMs: 0 };
}

const stepsOf = (times: QueryTimes): number[] => {
  if ('at' in times) return [times.at];
  const steps: number[] = [];
  for (let at = times.start; at <= times.end; at += times.stepMs) steps.push(at);
  return steps;
};

/** Knows the name of a metric, `fail`, and numbers; what it says beside is told. */
class TinyLanguage implements QueryLanguage {
  readonly asked: Query[] = [];

  constructor(
    private readonly annotations: readonly Annotation[] = [],
    private readonly distort: (value: QueryValue) => QueryValue = (value) => value,
  ) {}

  parse(text: string): Expression {
    if (text === '(') throw new Error('unexpected end of input');
    const span = { from: 0, to: text.length };
    if (/^\d/.test(text)) return { kind: 'number', span, value: Number(text), isDuration: false };
    if (text.startsWith('"')) return { kind: 'string', span, value: text.slice(1, -1) };
    return text === 'time()' ? { kind: 'call', span, function: 'time', arguments: [] } : selectorOf(text);
  }

  async evaluate(query: Query): Promise<QueryResult> {
    this.asked.push(query);
    return { value: this.distort(await this.#valueOf(query)), annotations: this.annotations };
  }

  async #valueOf({ expression, times, source }: Query): Promise<QueryValue> {
    const steps = stepsOf(times);
    const [first = 0] = steps;
    if (expression.kind === 'string') return { type: 'string', time: first, text: expression.value };
    if (expression.kind === 'number') {
      const points = steps.map((time) => ({ time, value: expression.value }));
      const [point = { time: 0, value: 0 }] = points;
      return 'at' in times ? { type: 'scalar', point } : { type: 'matrix', series: [{ labels: Labels.NONE, points }] };
    }
    if (expression.kind !== 'selector') throw new Error('not known');
    if (expression.name === 'fail') throw new Error('it cannot be');
    const samples = await source.select({ matchers: expression.matchers, afterMs: -1, untilMs: 1e9 });
    const series = samples
      .map(({ labels, times: at, values, histograms }) => ({
        labels,
        points: steps.flatMap((time) => {
          const place = at.indexOf(typeof expression.at === 'number' ? expression.at : time);
          const histogram = histograms?.[place];
          if (place < 0) return [];
          return [histogram === undefined ? { time, value: values[place] ?? NaN } : { time, value: 0, histogram }];
        }),
      }))
      .filter(({ points }) => points.length > 0)
      .sort((a, b) => (a.labels.key < b.labels.key ? -1 : 1));
    return { type: 'at' in times ? 'vector' : 'matrix', series };
  }
}

const LOAD = `load 1m
  x{a="1"} 1 2 3
  x{a="2"} 10 _ 30
  h {{count:1 sum:2 buckets:[1]}}+{{count:1 buckets:[1]}}x2
`;

async function resultOf(text: string, language: QueryLanguage = new TinyLanguage()): Promise<EvalResult | undefined> {
  const [result] = await runNotation(`${LOAD}\n${text}`, language);
  return result;
}

const WARNING: Annotation = { level: 'warning', message: 'PromQL warning: careful', span: { from: 0, to: 1 } };

describe('runNotation', () => {
  it.each([
    'eval instant at 1m x\n x{a="1"} 2',
    'eval instant at 0 x\n x{a="2"} 10\n x{a="1"} 1',
    'eval instant at 0 x\n expect ordered\n x{a="1"} 1\n x{a="2"} 10',
    'eval instant at 0 y',
    'eval instant at 0 5\n 5',
    'eval instant at 0 5\n 5.000001',
    'eval instant at 0 "a"\n expect string "a"',
    'eval instant at 0 fail\n expect fail',
    'eval instant at 0 fail\n expect fail msg: it cannot be',
    'eval_fail instant at 0 fail\n expected_fail_regexp cannot',
    'eval instant at 0 (\n expect fail regex: unexpected',
    'eval range from 0 to 2m step 1m x\n x{a="1"} 1 2 3\n x{a="2"} 10 _ 30',
    'eval range from 0 to 2m step 1m 5\n {} 5 5 5',
    'eval instant at 1m h\n h {{count:2 sum:2 buckets:[2]}}',
    'eval instant at 1m h\n h {{count:2 sum:2 buckets:[2 0] counter_reset_hint:not_reset}}',
    'eval range from 0 to 2m step 1m h\n h {{count:1 sum:2 buckets:[1]}}+{{count:1 buckets:[1]}}x2',
  ])('passes %j', async (text) => {
    expect(await resultOf(text)).toMatchObject({ passed: true, line: 6 });
  });

  it.each([
    ['eval instant at 1m x\n x{a="1"} 3', 'x{a="1"}: expected 3, got 2'],
    ['eval instant at 1m x\n x{a="1"} 2\n x{a="3"} 2', 'x{a="3"} 2 is missing'],
    ['eval instant at 1m x', 'x{a="1"} 2 was not expected'],
    ['eval instant at 1m x\n 5', 'expected the scalar 5, got 1 series'],
    ['eval instant at 0 x\n expect ordered\n x{a="2"} 10\n x{a="1"} 1', 'x{a="1"} is number 1, and should be number 2'],
    ['eval instant at 0 5\n 6', 'expected 6, got 5'],
    ['eval instant at 0 5\n {} 5', 'expected 1 series, got the scalar 5'],
    ['eval instant at 0 "a"\n expect string "b"', 'expected the text "b", got "a"'],
    ['eval instant at 0 "a"\n 5', 'expected no text, got "a"'],
    ['eval instant at 0 x\n expect fail', 'expected that the query fails, but it gave a result'],
    ['eval instant at 0 fail', 'the query failed: it cannot be'],
    ['eval instant at 0 (', 'the query failed: unexpected end of input'],
    ['eval instant at 0 fail\n expect fail msg: no', 'expected the error "no", but it is "it cannot be"'],
    ['eval instant at 0 h\n h 5', 'h: expected 5, got {{count:1 sum:2 buckets:[1]}}'],
    [
      'eval instant at 1m h\n h {{count:2 sum:2 buckets:[2] counter_reset_hint:gauge}}',
      'h: expected {{count:2 sum:2 counter_reset_hint:gauge buckets:[2]}}, got {{count:2 sum:2 counter_reset_hint:not_reset buckets:[2]}}',
    ],
    ['eval range from 0 to 2m step 1m x\n x{a="1"} 1 2 4', 'x{a="1"}: expected 4, got 3 at 120 s; in all 1 2 3'],
    [
      'eval range from 0 to 1m step 1m x\n x{a="1"} 1 2 3',
      'x{a="1"}: expected 3 values, more than the range has steps',
    ],
    ['eval range from 0 to 2m step 1m x\n x{a="1"} 1 2', 'x{a="1"}: expected nothing, got 3 at 120 s'],
    [
      'eval range from 0 to 2m step 1m y\n expect ordered',
      'series of a range are sorted by labels: an order cannot be expected',
    ],
    ['eval instant at 0 x\n expect warn\n x{a="1"} 1\n x{a="2"} 10', 'expected some warning, but there is none'],
  ])('says of %j what differs', async (text, message) => {
    expect(await resultOf(text)).toMatchObject({ passed: false, message });
  });

  it.each([
    ['expect warn', undefined],
    ['expect warn msg: PromQL warning: careful (1:1)', undefined],
    ['expect warn regex: careful \\(1:', undefined],
    ['expect no_info', undefined],
    ['', undefined],
    ['expect no_warn', 'expected no warning, but there is "PromQL warning: careful (1:1)"'],
    ['expect info', 'expected some info, but there is none'],
    ['expect warn msg: other', 'expected the warning "other", but there is "PromQL warning: careful (1:1)"'],
  ])('compares annotations: %s', async (expectation, message) => {
    const result = await resultOf(
      `eval instant at 0 y${expectation === '' ? '' : `\n ${expectation}`}`,
      new TinyLanguage([WARNING]),
    );
    expect(result?.message).toBe(message);
  });

  it('wants each annotation to be expected when one is', async () => {
    const language = new TinyLanguage([WARNING, { ...WARNING, message: 'PromQL warning: more' }]);
    const result = await resultOf('eval instant at 0 y\n expect warn regex: careful', language);
    expect(result?.message).toBe('the warning "PromQL warning: more (1:1)" was not expected');
  });

  it('asks an instant query at other times, its selectors fixed to its own, and as a range', async () => {
    const language = new TinyLanguage();
    expect(await resultOf('eval instant at 1m x\n x{a="1"} 2', language)).toMatchObject({ passed: true });
    expect(language.asked.map(({ times }) => times)).toEqual(
      [60_000, -600_000, 0, 12_000, 60_000, 600_000].flatMap((at) => [
        { at },
        { start: at - 60_000, end: at + 60_000, stepMs: 60_000 },
      ]),
    );
    expect(
      language.asked.slice(2).every(({ expression }) => expression.kind === 'selector' && expression.at === 60_000),
    ).toBe(true);
  });

  it('asks once where the time of the evaluation counts, or when told to', async () => {
    const language = new TinyLanguage();
    await resultOf('eval instant at 1m time()', language);
    expect(language.asked).toHaveLength(1);
    await runNotation('eval instant at 0 y', language, { once: true });
    expect(language.asked).toHaveLength(2);
  });

  it('tells in which form a query came to something else', async () => {
    const wrongAsRange = new TinyLanguage([], (value) =>
      value.type === 'matrix' ? { ...value, series: value.series.slice(1) } : value,
    );
    expect((await resultOf('eval instant at 1m x\n x{a="1"} 2', wrongAsRange))?.message).toBe(
      'as a range: x{a="1"} 2 is missing',
    );
    const unsorted = new TinyLanguage([], (value) =>
      value.type === 'matrix' ? { ...value, series: value.series.toReversed() } : value,
    );
    expect((await resultOf('eval range from 0 to 0 step 1m x\n x{a="1"} 1\n x{a="2"} 10', unsorted))?.message).toBe(
      'series are not sorted: x{a="1"} comes after x{a="2"}',
    );
  });

  it('compares the range of values that an instant query gives', async () => {
    const ranges = new TinyLanguage([], (value) => {
      if (value.type !== 'vector') return value;
      const points = [1, 2].map((step) => ({ time: step * 60_000, value: step }));
      return { type: 'matrix', series: value.series.slice(0, 1).map(({ labels }) => ({ labels, points })) };
    });
    const expectation = 'expect range vector from 1m to 2m step 1m';
    expect(await resultOf(`eval instant at 2m x\n ${expectation}\n x{a="1"} 1 2`, ranges)).toMatchObject({
      passed: true,
    });
    expect((await resultOf('eval instant at 2m x\n x{a="1"} 1', ranges))?.message).toBe(
      'the query gives ranges: write expect range vector from … to … step …',
    );
  });

  it('forgets what was loaded when told to clear', async () => {
    const results = await runNotation(`${LOAD}\nclear\n\neval instant at 0 x`, new TinyLanguage());
    expect(results).toEqual([{ line: 8, query: 'x', passed: true }]);
  });

  it('refuses a script that is wrong', async () => {
    await expect(runNotation('lod 5m', new TinyLanguage())).rejects.toThrow(NotationError);
  });

  it('does not take a number for a histogram', async () => {
    const numbers = new TinyLanguage([], (value) =>
      value.type === 'vector'
        ? {
            ...value,
            series: value.series.map(({ labels }) => ({
              labels,
              points: [{ time: 0, value: 5, histogram: aHistogram() }],
            })),
          }
        : value,
    );
    expect((await resultOf('eval instant at 1m x\n x{a="1"} 5', numbers))?.message).toBe(
      'x{a="1"}: expected 5, got {{}}',
    );
  });
});
