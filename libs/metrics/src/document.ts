import { CATALOGUE } from './catalogue/catalogue.js';
import { DEFAULT_LATENESS_MS, levelsOf } from './levels.js';
import { classicNames, METRIC_GROUPS, type Metric, type MetricGroup, type MetricLabel } from './metric.js';

const DAY_MS = 86_400_000;

/** The headings of the groups, with what holds for each. */
const SAID: Readonly<Record<Exclude<MetricGroup, 'users'>, { readonly heading: string; readonly text: string }>> = {
  caches: {
    heading: 'Caches',
    text: 'Counted exactly by each tier of each cache, from events of the kind `cache.window`.',
  },
  loads: { heading: 'Loads', text: 'Counted from every event of the kind `load.finished`.' },
  'web vitals': {
    heading: 'Web Vitals',
    text: 'What pages send under these names as events of the kind `metric`, type `histogram`, in the unit of the name.',
  },
  pipeline: {
    heading: 'The pipeline itself',
    text: 'At `/metrics` of each program; standalone has those of all. They are cumulative, and stored only when a Prometheus that scrapes them writes them back.',
  },
  process: {
    heading: 'The processes of the pipeline',
    text: 'At `/metrics` of every program, by the client library of Prometheus for Node.js, under its names.',
  },
};

/** What docs/metrics.md must be: the catalogue, by group. Pure. */
export function metricsDocument(): string {
  const groups = METRIC_GROUPS.filter((group) => group !== 'users').map((group) => groupText(group));
  return `# Metrics

Every metric that the project knows by itself, out of [libs/metrics](../libs/metrics). Those that users send as \`metric\` events
join them under their own names; none can take a name that is here.

Counters and histograms that come from events are deltas: a sample says what came to pass since the one before, and a rate is
an exact sum. Histograms are native ones (exponential buckets of base 2, schema 5); \`NAME_count\` and \`NAME_sum\` answer as well.
Durations are in seconds and sizes in bytes, whatever is stored.

${levelsText()}

${groups.join('\n\n')}
`;
}

function levelsText(): string {
  const [raw, ...rollups] = levelsOf({ stored: { in: 'metrics' } });
  return [
    'How far back they go, unless the pipeline only exports them:',
    '',
    `- raw events (answers of 1 s): ${raw!.keptMs / DAY_MS} days, which is a day more than \`ALPERF_LATE_HOURS\` (${DEFAULT_LATENESS_MS / 3_600_000} h)`,
    ...rollups.map(({ level, keptMs }) => `- level \`${level}\` of the rollups: ${keptMs / DAY_MS} days`),
  ].join('\n');
}

function groupText(group: Exclude<MetricGroup, 'users'>): string {
  const metrics = CATALOGUE.filter((metric) => metric.group === group);
  const shared = sharedLabels(metrics);
  const said = shared.map((label) => `- ${labelText(label)}`);
  return [
    `## ${SAID[group].heading}`,
    '',
    SAID[group].text,
    '',
    ...(said.length === 0 ? [] : ['All of them have these labels:', '', ...said, '', 'The metrics:', '']),
    ...metrics.map((metric) => metricText(metric, shared)),
  ].join('\n');
}

function metricText(metric: Metric, shared: readonly MetricLabel[]): string {
  const own = metric.labels.filter((label) => !shared.includes(label));
  return [
    `- **\`${metric.name}\`** (${metric.kind}${metric.unit === '' ? '' : `, ${metric.unit}`}). ${metric.help}`,
    ...own.map((label) => `  Label ${labelText(label)}`),
    `  ${whereText(metric)}`,
  ].join('\n');
}

function labelText({ name, help, values }: MetricLabel): string {
  return `\`${name}\`: ${help}${values === undefined ? '' : ` One of ${values.map((value) => `\`${value}\``).join(', ')}.`}`;
}

function whereText({ stored, ...metric }: Metric): string {
  if (stored.in === 'metrics') return 'In the rollup `metrics`, by its name.';
  if (stored.in === 'exposition') {
    const classic = classicNames({ ...metric }).map((name) => `\`${name}\``);
    const apps = metric.group === 'process' ? 'every program' : stored.apps.join(', ');
    return `Exported by ${apps}${classic.length === 0 ? '' : `, as ${classic.join(', ')}`}.`;
  }
  const factor = stored.factor === 1 ? '' : `, times ${stored.factor}`;
  if ('histogram' in stored) return `In \`${stored.in}\`: \`${stored.histogram}_{count,sum,zero,bins}\`${factor}.`;
  const columns = stored.columns.map(({ column, labels, highest }) => {
    const value = Object.values(labels)[0];
    const from = highest === undefined ? `\`${column}\`` : `\`${column}\` (highest: \`${highest}\`)`;
    return value === undefined ? from : `\`${value}\` from ${from}`;
  });
  return `In \`${stored.in}\`: ${columns.join(', ')}${factor}.`;
}

/** Labels that each metric of a group has, the very same ones. */
function sharedLabels([first, ...others]: readonly Metric[]): readonly MetricLabel[] {
  return first?.labels.filter((label) => others.every(({ labels }) => labels.includes(label))) ?? [];
}
