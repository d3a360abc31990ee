import { QueryFailedError } from '../../errors.js';
import type { Call, Expression } from '../../syntax/ast.js';
import { Labels } from '../../values/labels.js';
import { bare } from '../bare.js';
import { setFloat, type Column } from '../column.js';
import type { Evaluation, Value } from '../evaluation.js';
import { timeOf, type Frame } from '../frame.js';
import { absentColumns } from './absent.js';
import { DATE_FUNCTIONS } from './date-functions.js';
import { FLOAT_FUNCTIONS } from './float-functions.js';
import { HISTOGRAM_FUNCTIONS } from './histogram-functions.js';
import { histogramFractions, histogramQuantiles } from './histogram-quantile.js';
import { mapFloats, mapHistograms, mapped } from './per-value.js';
import { labelJoin, labelReplace } from './relabel.js';
import { sortedByValue } from './sorting.js';

/** The arguments of a call, evaluated, and what they are to be. */
export class Arguments {
  constructor(
    readonly call: Call,
    private readonly values: readonly Value[],
  ) {}

  get count(): number {
    return this.values.length;
  }

  expression(at: number): Expression {
    const argument = this.call.arguments[at];
    if (argument === undefined) this.#fail(at, 'an argument');
    return bare(argument);
  }

  vector(at: number): readonly Column[] {
    const value = this.values[at];
    if (value?.type !== 'vector') this.#fail(at, 'a vector');
    return value.columns;
  }

  scalar(at: number): Float64Array {
    const value = this.values[at];
    if (value?.type !== 'scalar') this.#fail(at, 'a scalar');
    return value.values;
  }

  /** All from a place on. */
  scalarsFrom(at: number): readonly Float64Array[] {
    return this.values.slice(at).map((_, offset) => this.scalar(at + offset));
  }

  #fail(at: number, what: string): never {
    throw new QueryFailedError(`${this.call.function} needs ${what} as its argument ${at + 1}.`, this.call.span);
  }
}

function scalarOf(columns: readonly Column[], frame: Frame, evaluation: Evaluation): Float64Array {
  const values = evaluation.newScalar(frame).fill(NaN);
  const found = new Uint8Array(frame.count);
  for (const column of columns)
    for (let step = 0; step < frame.count; step++) {
      if (column.present[step] === 0 || column.histograms?.[step] !== undefined) continue;
      values[step] = found[step] === 0 ? (column.values[step] as number) : NaN;
      found[step] = 1;
    }
  return values;
}

function vectorOf(values: Float64Array, frame: Frame, evaluation: Evaluation): readonly Column[] {
  const column = evaluation.newColumn(frame, Labels.NONE);
  for (let step = 0; step < frame.count; step++) setFloat(column, step, values[step] as number);
  return [column];
}

function timesOf(frame: Frame, evaluation: Evaluation): Float64Array {
  const times = evaluation.newScalar(frame);
  for (let step = 0; step < frame.count; step++) times[step] = timeOf(frame, step) / 1000;
  return times;
}

function clamped(args: Arguments, frame: Frame, evaluation: Evaluation): readonly Column[] {
  const [low, high] = [args.scalar(1), args.scalar(2)];
  return mapped(args.vector(0), frame, evaluation, (value, histogram, step) => {
    const [least, most] = [low[step] as number, high[step] as number];
    if (histogram !== undefined || most < least) return undefined;
    return FLOAT_FUNCTIONS.get('clamp')?.(value, least, most);
  });
}

function dated(args: Arguments, frame: Frame, evaluation: Evaluation): readonly Column[] {
  const ofSeconds = DATE_FUNCTIONS.get(args.call.function) ?? (() => NaN);
  if (args.count > 0) return mapFloats(args.vector(0), ofSeconds, [], frame, evaluation);
  const seconds = timesOf(frame, evaluation);
  return vectorOf(
    seconds.map((time) => ofSeconds(time)),
    frame,
    evaluation,
  );
}

async function columnsOf(args: Arguments, frame: Frame, evaluation: Evaluation): Promise<readonly Column[]> {
  const { call } = args;
  const ofFloat = FLOAT_FUNCTIONS.get(call.function);
  const ofHistogram = HISTOGRAM_FUNCTIONS.get(call.function);
  if (call.function === 'clamp') return clamped(args, frame, evaluation);
  if (ofFloat !== undefined) return mapFloats(args.vector(0), ofFloat, args.scalarsFrom(1), frame, evaluation);
  if (ofHistogram !== undefined) return mapHistograms(args.vector(0), ofHistogram, frame, evaluation);
  if (DATE_FUNCTIONS.has(call.function)) return dated(args, frame, evaluation);
  switch (call.function) {
    case 'vector':
      return vectorOf(args.scalar(0), frame, evaluation);
    case 'timestamp':
      return mapped(args.vector(0), frame, evaluation, (_value, _histogram, step) => timeOf(frame, step) / 1000);
    case 'absent':
      return absentColumns(args.vector(0), args.expression(0), frame, evaluation);
    case 'sort':
    case 'sort_desc':
      if (frame.count > 1) evaluation.notices.sortInRange(call.span);
      return sortedByValue(args.vector(0), call.function === 'sort_desc', frame, evaluation);
    case 'label_replace':
      return labelReplace(args.vector(0), call.arguments);
    case 'label_join':
      return labelJoin(args.vector(0), call.arguments);
    case 'histogram_quantile': {
      const spans = [args.expression(0).span, args.expression(1).span] as const;
      return histogramQuantiles(args.scalar(0), args.vector(1), spans, frame, evaluation);
    }
    case 'histogram_fraction': {
      const [lower, upper] = [args.scalar(0), args.scalar(1)];
      return histogramFractions(lower, upper, args.vector(2), args.expression(2).span, frame, evaluation);
    }
  }
  throw new QueryFailedError(`There is no function ${call.function}.`, call.span);
}

/** Calls a function whose arguments are no ranges. */
export async function evaluateFunction(args: Arguments, frame: Frame, evaluation: Evaluation): Promise<Value> {
  switch (args.call.function) {
    case 'time':
      return { type: 'scalar', values: timesOf(frame, evaluation) };
    case 'pi':
      return { type: 'scalar', values: evaluation.newScalar(frame).fill(Math.PI) };
    case 'scalar':
      return { type: 'scalar', values: scalarOf(args.vector(0), frame, evaluation) };
    default:
      return { type: 'vector', columns: await columnsOf(args, frame, evaluation) };
  }
}
