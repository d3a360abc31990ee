import type { ExportingApp, Metric, MetricGroup, MetricLabel } from '../metric.js';
import { unitOfName } from '../names.js';

/** From the stored integers to seconds and bytes. */
export const FROM_NS = 1e-9;
export const FROM_MS = 1e-3;
export const AS_STORED = 1;

interface Said {
  readonly name: string;
  readonly help: string;
}

/** What several metrics of one rollup have in common. */
export interface Family {
  readonly group: MetricGroup;
  readonly in: 'cache' | 'loads';
  readonly labels: readonly MetricLabel[];
}

/** A label whose value is that of a column of the rollup. */
export function dimension(name: string, help: string, values?: readonly string[], column = name): MetricLabel {
  return { name, help, from: { kind: 'dimension', column }, ...(values && { values }) };
}

/** The labels that say who emitted; what did not say has none. */
export const EMITTER_LABELS = {
  service: dimension('service', 'The service or app that emitted it.'),
  version: dimension('version', 'The version of the service or app.', undefined, 'service_version'),
  platform: dimension('platform', 'Its operating system or family of browsers, where it tells.'),
} as const;

/** A counter in one column of a rollup. */
export function counter(family: Family, said: Said, column: string, factor = AS_STORED): Metric {
  return {
    ...said,
    unit: unitOfName(said.name),
    kind: 'counter',
    group: family.group,
    labels: family.labels,
    temporalities: ['delta'],
    stored: { in: family.in, columns: [{ column, labels: {} }], factor },
  };
}

/** A counter of which each value of one label has a column of its own. */
export function counterBy(
  family: Family,
  said: Said,
  label: { readonly name: string; readonly help: string },
  columns: Readonly<Record<string, string>>,
): Metric {
  const stored = Object.entries(columns).map(([value, column]) => ({ column, labels: { [label.name]: value } }));
  return {
    ...counter(family, said, ''),
    labels: [...family.labels, { ...label, from: { kind: 'column' }, values: Object.keys(columns) }],
    stored: { in: family.in, columns: stored, factor: AS_STORED },
  };
}

/** A level: the columns `<level>_last` and `<level>_highest`. */
export function gauge(family: Family, said: Said, level: string): Metric {
  return {
    ...said,
    unit: unitOfName(said.name),
    kind: 'gauge',
    group: family.group,
    labels: family.labels,
    temporalities: ['level'],
    stored: {
      in: family.in,
      columns: [{ column: `${level}_last`, labels: {}, highest: `${level}_highest` }],
      factor: AS_STORED,
    },
  };
}

/** A native histogram in the four columns of a prefix. */
export function histogram(family: Family, said: Said, prefix: string, factor: number): Metric {
  return {
    ...said,
    unit: unitOfName(said.name),
    kind: 'histogram',
    group: family.group,
    labels: family.labels,
    temporalities: ['delta'],
    stored: { in: family.in, histogram: prefix, factor },
    buckets: 'native',
  };
}

/** A metric that programs export, with what each of its labels says. */
export function exported(
  apps: readonly ExportingApp[],
  kind: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  labels: Readonly<Record<string, string>> = {},
  group: MetricGroup = 'pipeline',
): Metric {
  return {
    name,
    help,
    unit: unitOfName(name),
    kind,
    group,
    labels: Object.entries(labels).map(([label, said]) => ({ name: label, help: said, from: { kind: 'program' } })),
    temporalities: [kind === 'gauge' ? 'level' : 'cumulative'],
    stored: { in: 'exposition', apps },
    ...(kind === 'histogram' && { buckets: 'classic' as const }),
  };
}
