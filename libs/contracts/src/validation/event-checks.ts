import { Compile } from 'typebox/compile';
import type { CacheWindow } from '../events/cache-window.js';
import { WINDOW_HISTOGRAMS } from '../events/window-histograms.js';
import { histogramProblem, type HistogramData } from '../events/histogram.js';
import { EVENT_KINDS, EVENT_SCHEMAS, type Event, type EventKind } from '../events/kinds.js';
import { metricProblem, type Metric } from '../events/metric.js';
import { explain, type Fault, type Schema } from './explain.js';
import { fieldFilter, type FieldFilter } from './unknown-fields.js';

/** What checks the events of one kind. */
export interface EventCheck {
  /** The compiled schema. */
  readonly matches: (value: unknown) => boolean;
  /** Says what is wrong with an event whose shape is right. */
  readonly problem: ((event: Event) => Fault | undefined) | undefined;
  readonly schema: Schema;
  readonly filter: FieldFilter;
}

let checks: ReadonlyMap<unknown, EventCheck> | undefined;

/**
 * Every kind's check, compiled at the first call: importing contracts costs a browser or a tool nothing.
 * A Map, since an object would take "constructor" for a kind.
 */
export function eventChecks(): ReadonlyMap<unknown, EventCheck> {
  return (checks ??= new Map(EVENT_KINDS.map((kind) => [kind, checkOf(kind)])));
}

function checkOf(kind: EventKind): EventCheck {
  const compiled = Compile(EVENT_SCHEMAS[kind]);
  const schema = EVENT_SCHEMAS[kind] as Schema;
  return { matches: (value) => compiled.Check(value), problem: problemOf(kind), schema, filter: fieldFilter(schema)! };
}

/** The first fault of one event, or undefined. Pointers are relative to the event. */
export function eventFault(value: unknown): Fault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { pointer: '', reason: 'an event must be an object' };
  const check = eventChecks().get((value as { kind?: unknown }).kind);
  if (check === undefined)
    return { pointer: '/kind', reason: `is not a kind that this version knows: ${EVENT_KINDS.join(', ')}` };
  if (!check.matches(value))
    return explain(check.schema, value) ?? { pointer: '', reason: 'does not follow the schema of its kind' };
  return check.problem?.(value as Event);
}

function problemOf(kind: EventKind): EventCheck['problem'] {
  if (kind === 'cache.window') return (event) => windowProblem(event as CacheWindow);
  if (kind === 'metric') return (event) => metricFault(event as Metric);
  return undefined;
}

function windowProblem(event: CacheWindow): Fault | undefined {
  if (event.end % event.windowMs !== 0)
    return { pointer: '/end', reason: `must be a multiple of windowMs (${event.windowMs})` };
  for (const name of WINDOW_HISTOGRAMS) {
    const histogram = event[name];
    const fault = histogram && integerFault(`/${name}`, histogram);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Nanoseconds, milliseconds and bytes are summed as integers: a sum beyond what a double holds exactly could not be. */
function integerFault(pointer: string, histogram: HistogramData): Fault | undefined {
  if (histogram.sum > Number.MAX_SAFE_INTEGER)
    return { pointer: `${pointer}/sum`, reason: `must be at most ${Number.MAX_SAFE_INTEGER}` };
  const reason = histogramProblem(histogram);
  return reason === undefined ? undefined : { pointer, reason };
}

function metricFault(metric: Metric): Fault | undefined {
  const problem = metricProblem(metric);
  if (problem !== undefined) return { pointer: problem[0], reason: problem[1] };
  if (metric.histogram === undefined) return undefined;
  const reason = histogramProblem(metric.histogram);
  return reason === undefined ? undefined : { pointer: '/histogram', reason };
}
