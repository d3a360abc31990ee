import type { Query } from '../evaluate/query.js';
import type { QueryResult, ResultSeries } from '../evaluate/query-result.js';
import { MemorySource } from '../source/memory-source.js';
import type { Expression } from '../syntax/ast.js';
import { annotationsDifference, failureDifference } from './compare-messages.js';
import { disorder, resultDifference } from './compare-result.js';
import { loadSeries } from './load-series.js';
import { pinnedTo } from './pinned.js';
import { readNotation } from './read-notation.js';
import type { EvalCommand } from './script.js';

/** What is put to the test: a parser and an evaluator of PromQL. */
export interface QueryLanguage {
  /** @throws when the text is no query */
  parse(text: string): Expression;
  /** Rejects when the query fails. */
  evaluate(query: Query): Promise<QueryResult>;
}

/** How one `eval` went. */
export interface EvalResult {
  /** From 1. */
  readonly line: number;
  readonly query: string;
  readonly passed: boolean;
  /** What was different, when it did not pass. */
  readonly message?: string;
}

export interface RunOptions {
  /** A sample counts for so long. Default 5 min. */
  readonly lookbackMs?: number;
  /** Only as it is written: not at other times, and not as a range. Default false. */
  readonly once?: boolean;
}

const MINUTE_MS = 60_000;

type Variant = Pick<Query, 'expression' | 'times'> & { readonly name?: string };

interface Run {
  readonly language: QueryLanguage;
  readonly source: MemorySource;
  readonly options: RunOptions;
}

type Outcome = { readonly result: QueryResult } | { readonly failure: string };

async function ask({ language, source, options }: Run, { expression, times }: Variant): Promise<Outcome> {
  try {
    const { lookbackMs } = options;
    const query = { expression, times, source, ...(lookbackMs === undefined ? {} : { lookbackMs }) };
    return { result: await language.evaluate(query) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function failureOf({ expected: { fail } }: EvalCommand, failure: string): string | undefined {
  return fail === undefined ? `the query failed: ${failure}` : failureDifference(fail, failure);
}

/** Runs one form of a query. @returns what is different from what is expected, and the result */
async function differenceOf(
  run: Run,
  command: EvalCommand,
  variant: Variant,
): Promise<{ readonly difference?: string | undefined; readonly result?: QueryResult }> {
  const outcome = await ask(run, variant);
  if ('failure' in outcome) return { difference: failureOf(command, outcome.failure) };
  const { result } = outcome;
  const { expected, query, rangeVector } = command;
  if (expected.fail !== undefined) return { difference: 'expected that the query fails, but it gave a result' };
  const times = rangeVector ?? ('at' in command.times ? undefined : command.times);
  const difference =
    annotationsDifference(expected, result.annotations, query) ?? resultDifference(expected, result.value, times);
  return { difference, result };
}

/** The vector that a range gives at one of its steps. */
function vectorAt(series: readonly ResultSeries[], time: number): readonly ResultSeries[] {
  return series.flatMap(({ labels, points }) => {
    const point = points.find((each) => each.time === time);
    return point === undefined ? [] : [{ labels, points: [point] }];
  });
}

/** An instant query gives the same as the middle one of three steps. */
async function rangeDifference(
  run: Run,
  command: EvalCommand,
  expression: Expression,
  at: number,
  instant: QueryResult,
): Promise<string | undefined> {
  const times = { start: at - MINUTE_MS, end: at + MINUTE_MS, stepMs: MINUTE_MS };
  const outcome = await ask(run, { expression, times });
  if ('failure' in outcome) return `as a range the query failed: ${outcome.failure}`;
  const { expected } = command;
  if (expected.ordered) return undefined;
  const { value } = outcome.result;
  if (value.type !== 'matrix') return `as a range the query gives no matrix: ${value.type}`;
  const series = vectorAt(value.series, at);
  const point = series[0]?.points[0];
  const difference =
    instant.value.type === 'scalar' && point !== undefined
      ? resultDifference(expected, { type: 'scalar', point }, undefined)
      : resultDifference(expected, { type: 'vector', series }, undefined);
  const wrong = disorder(value.series) ?? difference;
  return wrong === undefined ? undefined : `as a range: ${wrong}`;
}

/** Other times at which a query that is fixed to one comes to the same. */
function otherTimes(at: number): readonly number[] {
  return at === 0 ? [-1_000, 0, 1_000] : [-10 * at, 0, Math.trunc(at / 5), at, 10 * at];
}

/** The query, and with its selectors fixed to the time the query at other times. */
function variantsOf(expression: Expression, at: number, once: boolean): readonly (Variant & { at: number })[] {
  const asWritten = { expression, times: { at }, at };
  const pinned = once ? undefined : pinnedTo(expression, at);
  if (pinned === undefined) return [asWritten];
  const others = otherTimes(at).map((time) => ({
    expression: pinned,
    times: { at: time },
    at: time,
    name: `with @ ${at / 1_000} at ${time / 1_000} s: `,
  }));
  return [asWritten, ...others];
}

async function instantDifference(
  run: Run,
  command: EvalCommand,
  expression: Expression,
  evaluatedAt: number,
): Promise<string | undefined> {
  const { expected, rangeVector, query } = command;
  const once = run.options.once ?? false;
  const alsoAsRange =
    !once && expected.text === undefined && rangeVector === undefined && !/(start|end|range|step)\(\)/.test(query);
  for (const variant of variantsOf(expression, evaluatedAt, once)) {
    const { difference, result } = await differenceOf(run, command, variant);
    if (difference !== undefined) return `${variant.name ?? ''}${difference}`;
    if (!alsoAsRange || result === undefined) continue;
    const asRange = await rangeDifference(run, command, variant.expression, variant.at, result);
    if (asRange !== undefined) return `${variant.name ?? ''}${asRange}`;
  }
  return undefined;
}

async function evalDifference(run: Run, command: EvalCommand): Promise<string | undefined> {
  let expression: Expression;
  try {
    expression = run.language.parse(command.query);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failureOf(command, message);
  }
  const { times, rangeVector } = command;
  if (!('at' in times)) return (await differenceOf(run, command, { expression, times })).difference;
  return instantDifference(run, command, expression, rangeVector?.end ?? times.at);
}

/**
 * Runs a script of the notation. An instant query is asked as it is written, as one step of a range, and with its selectors
 * fixed to its time at other times, as it is by Prometheus' own runner: all have to come to what is expected.
 * @returns one result for each `eval`, in their order
 * @throws NotationError when the script is wrong as it is written
 */
export async function runNotation(
  text: string,
  language: QueryLanguage,
  options: RunOptions = {},
): Promise<readonly EvalResult[]> {
  const source = new MemorySource();
  const run: Run = { language, source, options };
  const results: EvalResult[] = [];
  for (const command of readNotation(text)) {
    if (command.kind === 'clear') source.clear();
    else if (command.kind === 'load') loadSeries(command, source);
    else {
      const { line, query } = command;
      const message = await evalDifference(run, command);
      results.push(message === undefined ? { line, query, passed: true } : { line, query, passed: false, message });
    }
  }
  return results;
}
