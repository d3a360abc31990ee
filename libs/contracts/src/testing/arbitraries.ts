import * as fc from 'fast-check';
import { BatchHeader, SCHEMA_VERSION, type Batch, type Emitter } from '../events/batch.js';
import { WINDOW_HISTOGRAMS } from '../events/window-histograms.js';
import type { HistogramData } from '../events/histogram.js';
import { HISTOGRAM_SCALE } from '../events/histogram.js';
import { EVENT_KINDS, EVENT_SCHEMAS, type Event, type EventKind, type EventOf } from '../events/kinds.js';
import { AN_INSTANT } from './builders.js';
import { fromSchema, type JsonSchema } from './from-schema.js';

export interface EventRange {
  /** Event times are drawn from `[from, to]`, ms since 1970. Default: the ten minutes before AN_INSTANT. */
  readonly from?: number;
  readonly to?: number;
}

/** A valid event of any kind: the collector accepts it, the row mapping takes it. */
export function anyEvent(range: EventRange = {}): fc.Arbitrary<Event> {
  return fc.oneof(...EVENT_KINDS.map((kind): fc.Arbitrary<Event> => anyEventOf(kind, range)));
}

/** A valid event of one kind, generated from its schema. */
export function anyEventOf<Kind extends EventKind>(kind: Kind, range: EventRange = {}): fc.Arbitrary<EventOf<Kind>> {
  const to = range.to ?? AN_INSTANT;
  const times = fc.integer({ min: range.from ?? to - 600_000, max: to });
  const drawn = fromSchema(EVENT_SCHEMAS[kind] as JsonSchema) as fc.Arbitrary<Event>;
  return fc
    .tuple(drawn, times, anyHistogram(), anyHistogram())
    .map(([event, time, first, second]) => consistent(event, time, first, second) as EventOf<Kind>);
}

/** A valid histogram: ascending bins, a count that is their sum. Its sum is a whole number, as durations in ns are. */
export function anyHistogram(): fc.Arbitrary<HistogramData> {
  const pair = fc.tuple(fc.integer({ min: -2_000, max: 2_000 }), fc.integer({ min: 1, max: 1_000_000 }));
  return fc
    .record(
      {
        pairs: fc.uniqueArray(pair, { selector: ([bin]) => bin, maxLength: 12 }),
        sum: fc.integer({ min: 0, max: 2 ** 40 }),
        zero: fc.integer({ min: 0, max: 1_000 }),
        min: fc.integer({ min: 0, max: 1_000 }),
        max: fc.integer({ min: 1_000, max: 2 ** 40 }),
      },
      { requiredKeys: ['pairs', 'sum'], noNullPrototype: true },
    )
    .map(({ pairs, ...rest }) => ({
      scale: HISTOGRAM_SCALE,
      count: pairs.reduce((sum, [, count]) => sum + count, rest.zero ?? 0),
      ...rest,
      bins: [...pairs].sort(([a], [b]) => a - b).flat(),
    }));
}

export function anyEmitter(): fc.Arbitrary<Emitter> {
  return fromSchema(BatchHeader.properties.emitter as JsonSchema) as fc.Arbitrary<Emitter>;
}

/** A valid batch with at most `maxEvents` events (default 8). */
export function anyBatch(options: EventRange & { maxEvents?: number } = {}): fc.Arbitrary<Batch> {
  const events = fc.array(anyEvent(options), { maxLength: options.maxEvents ?? 8 });
  return fc
    .tuple(fromSchema(BatchHeader as JsonSchema) as fc.Arbitrary<BatchHeader>, events)
    .map(([header, list]) => ({ ...header, schema: SCHEMA_VERSION, events: list }));
}

/** Mends what a schema cannot say: times in range and on the window's grid, histograms that add up, metrics of one type. */
function consistent(event: Event, time: number, first: HistogramData, second: HistogramData): Event {
  switch (event.kind) {
    case 'cache.window':
      return {
        ...event,
        end: Math.floor(time / event.windowMs) * event.windowMs,
        ...Object.fromEntries(
          WINDOW_HISTOGRAMS.flatMap((name, i) =>
            event[name] === undefined ? [] : [[name, i % 2 === 0 ? first : second]],
          ),
        ),
      };
    case 'metric': {
      const { value = 1, histogram: _, ...rest } = event;
      if (event.type === 'histogram') return { ...rest, time, histogram: first };
      return { ...rest, time, value: event.type === 'gauge' ? value : Math.abs(value) };
    }
    default:
      return { ...event, time };
  }
}
