import {
  evaluateQuery,
  Labels,
  MemorySource,
  parseQuery,
  SeriesSource,
  type FloatHistogram,
  type Query,
  type SeriesSamples,
  type SeriesSelection,
} from '#libs/promql';
import { cpuMsOf } from './cache/rounds.js';

const SERIES = 1_000;
const NATIVE_SERIES = 100;
const STEPS = 240;
const STEP_MS = 60_000;
const SAMPLE_MS = 15_000;
const LOOKBACK_MS = 3_600_000;
const ROUNDS = 9;
const WARM_UP_ROUNDS = 3;
const START = 1_700_000_000_000;
const END = START + (STEPS - 1) * STEP_MS;
const BOUNDS = ['0.1', '0.5', '1', '5', '+Inf'];

const QUERIES = {
  rate: 'sum by (a) (rate(m_total[5m]))',
  selector: 'm_total',
  max: 'max by (a) (max_over_time(m_total[1h]))',
  average: 'avg by (a) (avg_over_time(g[5m]))',
  ratio: 'sum by (a) (rate(m_total{b="1"}[5m])) / on (a) sum by (a) (rate(m_total[5m]))',
  matched: 'm_total / on (a, b, id) g',
  top: 'topk by (a) (3, g)',
  quantile: 'histogram_quantile(0.9, sum by (a, le) (rate(d_bucket[5m])))',
  native: 'histogram_quantile(0.9, sum by (a) (rate(h[5m])))',
};

/** Holds samples as the evaluator takes them, so that only that is measured. */
class PackedSource extends SeriesSource {
  constructor(private readonly byName: ReadonlyMap<string, readonly SeriesSamples[]>) {
    super();
  }

  override async select({ matchers }: SeriesSelection): Promise<readonly SeriesSamples[]> {
    const name = matchers.find((matcher) => matcher.name === '__name__')?.value ?? '';
    const others = matchers.filter((matcher) => matcher.name !== '__name__');
    return (this.byName.get(name) ?? []).filter(({ labels }) =>
      others.every((matcher) => labels.get(matcher.name) === matcher.value),
    );
  }
}

function times(): Float64Array {
  const count = Math.floor((END - START + LOOKBACK_MS) / SAMPLE_MS) + 1;
  return Float64Array.from({ length: count }, (_, at) => START - LOOKBACK_MS + at * SAMPLE_MS);
}

function labelsOf(name: string, id: number, more: Record<string, string> = {}): Labels {
  return Labels.of({ __name__: name, a: String(id % 10), b: String(id % 3), id: String(id), ...more });
}

function counters(name: string, count: number, more: Record<string, string> = {}): readonly SeriesSamples[] {
  const at = times();
  return Array.from({ length: count }, (_, id) => {
    let total = 0;
    const values = at.map((_time, place) => (total = place % 1_000 === 999 ? 0 : total + ((id + place) % 17)));
    return { labels: labelsOf(name, id, more), temporality: 'cumulative', times: at, values };
  });
}

function gauges(name: string, count: number): readonly SeriesSamples[] {
  const at = times();
  return Array.from({ length: count }, (_, id) => ({
    labels: labelsOf(name, id),
    temporality: 'cumulative',
    times: at,
    values: at.map((_time, place) => 100 * Math.sin(id + place / 50) + 0.1),
  }));
}

function nativeHistograms(name: string, count: number): readonly SeriesSamples[] {
  const at = times();
  const index = Array.from({ length: 40 }, (_, place) => place - 20);
  return Array.from({ length: count }, (_, id) => {
    const histograms = [...at].map((_time, place): FloatHistogram => {
      const counts = index.map((bucket) => (place + 1) * (1 + ((id + bucket + 20) % 7)));
      const total = counts.reduce((sum, bucket) => sum + bucket, 0);
      const none = { index: [], count: [] };
      const fixed = { counterReset: 'not_reset', schema: 5, zeroThreshold: 0, zeroCount: 0 } as const;
      return { ...fixed, count: total, sum: total, positive: { index, count: counts }, negative: none };
    });
    return { labels: labelsOf(name, id), temporality: 'cumulative', times: at, values: at.map(() => NaN), histograms };
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** CPU ms of a query: the median of the rounds. */
async function measured(text: string, source: SeriesSource): Promise<number> {
  const query: Query = { expression: parseQuery(text), times: { start: START, end: END, stepMs: STEP_MS }, source };
  const rounds: number[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const tookMs = await cpuMsOf(() => evaluateQuery(query));
    if (round >= 0) rounds.push(tookMs);
  }
  return median(rounds);
}

/**
 * What queries cost over 1,000 series (100 native histograms) and 240 steps of a minute, with a sample each 15 s, in ms of
 * CPU; and of the first one how many samples it goes through per second. From samples as the evaluator takes them, and from
 * the source in memory that tests use, which makes those anew for each query.
 */
export async function run(_options: { args: readonly string[] }): Promise<object> {
  const all = {
    m_total: counters('m_total', SERIES),
    g: gauges('g', SERIES),
    d_bucket: BOUNDS.flatMap((le) => counters('d_bucket', SERIES / BOUNDS.length, { le })),
    h: nativeHistograms('h', NATIVE_SERIES),
  };
  const packed = new PackedSource(new Map(Object.entries(all)));
  const memory = new MemorySource();
  for (const { labels, times: at, values } of all.m_total)
    memory.add(
      labels,
      [...at].map((time, place) => ({ time, value: values[place] as number })),
    );

  const cpuMs: Record<string, number> = {};
  for (const [name, text] of Object.entries(QUERIES)) {
    cpuMs[name] = Math.round((await measured(text, packed)) * 10) / 10;
    console.error(`${name.padEnd(10)} ${cpuMs[name]} ms  ${text}`);
  }
  const inMemoryMs = await measured(QUERIES.rate, memory);
  const samples = SERIES * Math.floor((END - START + 5 * 60_000) / SAMPLE_MS);
  return {
    series: SERIES,
    steps: STEPS,
    samples,
    cpuMs,
    rateFromMemorySourceMs: Math.round(inMemoryMs * 10) / 10,
    rateMillionSamplesPerSecond: Math.round(samples / (cpuMs['rate'] ?? NaN) / 100) / 10,
  };
}
