import type { Subquery, TimeShift } from '../syntax/ast.js';
import type { QueryTimes } from './query.js';

/** The steps that an expression is evaluated at: `count` times, `stepMs` apart. */
export interface Frame {
  /** ms since 1970. */
  readonly start: number;
  /** Above 0; of a single step it means nothing. */
  readonly stepMs: number;
  /** 0 when there is no step. */
  readonly count: number;
}

export function frameOf(times: QueryTimes): Frame {
  if ('at' in times) return { start: times.at, stepMs: 1, count: 1 };
  return spanned(times.start, times.end, times.stepMs);
}

function spanned(start: number, end: number, stepMs: number): Frame {
  return { start, stepMs, count: end < start ? 0 : Math.floor((end - start) / stepMs) + 1 };
}

/** The time of a step, ms since 1970. */
export function timeOf(frame: Frame, step: number): number {
  return frame.start + step * frame.stepMs;
}

export function lastTimeOf(frame: Frame): number {
  return timeOf(frame, Math.max(0, frame.count - 1));
}

/** One step at the beginning, for what is the same at all of them. */
export function firstStepOf(frame: Frame): Frame {
  return { start: frame.start, stepMs: frame.stepMs, count: Math.min(1, frame.count) };
}

/** Where a selector or subquery looks from at a step, ms since 1970. */
export function lookedAt(frame: Frame, step: number, { offsetMs, at }: ResolvedShift): number {
  return (at ?? timeOf(frame, step)) - offsetMs;
}

/** A shift whose `@ start()` and `@ end()` are times. */
export interface ResolvedShift {
  readonly offsetMs: number;
  readonly at?: number;
}

/** @param outer the steps of the whole query, which `start()` and `end()` are about */
export function resolvedShift({ offsetMs, at }: TimeShift, outer: QueryTimes): ResolvedShift {
  if (at === undefined) return { offsetMs };
  if (typeof at === 'number') return { offsetMs, at };
  if ('at' in outer) return { offsetMs, at: outer.at };
  return { offsetMs, at: at === 'start' ? outer.start : outer.end };
}

/**
 * The steps inside of a subquery: multiples of its own step, as many as all windows of the steps outside need. A window has
 * what is after its left end up to its right one.
 */
export function subqueryFrame(
  frame: Frame,
  { rangeMs, stepMs }: Subquery,
  shift: ResolvedShift,
  defaultMs: number,
): Frame {
  const step = stepMs ?? defaultMs;
  const after = lookedAt(frame, 0, shift) - rangeMs;
  let start = step * Math.trunc(after / step);
  if (start <= after) start += step;
  if (frame.count === 0) return { start, stepMs: step, count: 0 };
  return spanned(start, lookedAt(frame, frame.count - 1, shift), step);
}
