import Type, { type Static } from 'typebox';
import { EpochMs } from '../primitives.js';
import { HistogramData } from './histogram.js';

export const METRIC_TYPES = ['counter', 'total', 'gauge', 'histogram'] as const;

/** Most labels of one metric, and the longest value of one, in UTF-16 units. */
export const MAX_LABELS = 32;
export const MAX_LABEL_VALUE_LENGTH = 256;

/** A metric of the user's own: Web Vitals, runtime, anything. */
export const Metric = Type.Object(
  {
    kind: Type.Literal('metric'),
    time: EpochMs('End of the window that it covers, or the moment of a gauge.'),
    windowMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 60_000,
        description: 'Length of the window ending at time; left out for a point.',
      }),
    ),
    name: Type.String({
      maxLength: 128,
      pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$',
      description: "A name by Prometheus' conventions.",
    }),
    type: Type.Enum([...METRIC_TYPES] as unknown as typeof METRIC_TYPES, {
      description: 'counter: a delta; total: a cumulative count; gauge: a level; histogram: a delta.',
    }),
    labels: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-zA-Z_][a-zA-Z0-9_]{0,63}$' }),
        Type.String({ maxLength: MAX_LABEL_VALUE_LENGTH }),
        {
          maxProperties: MAX_LABELS,
          additionalProperties: false,
          description: 'Labels; the names come from an allow-list, the values are capped by the collector.',
        },
      ),
    ),
    value: Type.Optional(
      Type.Number({ description: 'For counter (a delta, at least 0), total (at least 0) and gauge.' }),
    ),
    histogram: Type.Optional(HistogramData('the unit in the name')),
  },
  { description: 'Name, labels, type and value of one metric.' },
);

export type Metric = Static<typeof Metric>;

/** Says what is wrong with a metric whose shape is right, as [JSON pointer, reason], or returns undefined. */
export function metricProblem(metric: Metric): readonly [pointer: string, reason: string] | undefined {
  if (metric.type === 'histogram') {
    if (metric.histogram === undefined) return ['/histogram', 'a metric of type histogram needs one'];
    if (metric.value !== undefined) return ['/value', 'a metric of type histogram has no value'];
    return undefined;
  }
  if (metric.histogram !== undefined) return ['/histogram', `a metric of type ${metric.type} has no histogram`];
  if (metric.value === undefined) return ['/value', `a metric of type ${metric.type} needs a value`];
  if (metric.type !== 'gauge' && metric.value < 0) return ['/value', `a ${metric.type} cannot be negative`];
  return undefined;
}
