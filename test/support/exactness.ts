import { countRaw, mergeFiner, ROLLUP, rollupColumns, ROLLUPS, rollupTable, viewName } from '#libs/clickhouse';
import type { ClickHouse, Rollup, RollupName } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENT_KINDS, EVENT_TABLES, EVENTS_TOPIC, LEVELS, type Level } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';
import type { Clock } from '#libs/time';
import type { TrafficTotals } from './traffic.js';

/** Relative difference that sums of floats may have, since they are added in any order. */
const FLOAT_TOLERANCE = 1e-9;
const SHOWN = 5;

/**
 * Throws, saying what differs, unless the database holds exactly what was emitted: the raw events, every rollup level,
 * every view and the batches; each row of each level and view equal to a plain recount of the raw events.
 * Call it when everything is counted (`untilCounted`). For databases of up to some million events.
 */
export async function expectExact(clickhouse: ClickHouse, emitted: TrafficTotals): Promise<void> {
  const problems = [...(await inconsistencies(clickhouse)), ...(await differencesFromEmitted(clickhouse, emitted))];
  if (problems.length > 0)
    throw new Error(`The database is not exact:\n${problems.map((one) => `- ${one}`).join('\n')}`);
}

/**
 * Lets an aggregator that has all partitions do one round of the audit. Throws when that round compared nothing, or when
 * any round since the database was made found an event too few or too many.
 */
export async function expectAudited(aggregator: { audit(): Promise<void> }, clickhouse: ClickHouse): Promise<void> {
  const findings = () =>
    numbers(clickhouse, 'SELECT sum(checked) AS checked, sum(lost) AS lost, sum(duplicated) AS duplicated FROM audit');
  const before = await findings();
  await aggregator.audit();
  const { checked, lost, duplicated } = await findings();
  if (checked! <= before['checked']!) throw new Error('The audit compared nothing: it failed, or has no partition.');
  if (lost !== 0 || duplicated !== 0) throw new Error(`The audit found ${lost} events lost, ${duplicated} duplicated.`);
}

/** Waits until the log is committed to its end and no bucket waits for its recount. @throws Error when it takes longer. */
export async function untilCounted(
  log: EventLog,
  clickhouse: ClickHouse,
  clock: Clock,
  { timeoutMs = 60_000, lookMs = 50 }: { timeoutMs?: number; lookMs?: number } = {},
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    const waiting = await waitingFor(log, clickhouse);
    if (waiting === '') return;
    if (clock.monotonic() > deadline) throw new Error(`Not counted after ${timeoutMs} ms: ${waiting}.`);
    await clock.sleep(lookMs);
  }
}

/** What disagrees inside the database, whatever was emitted: each level and view against a plain recount. */
export async function inconsistencies(clickhouse: ClickHouse): Promise<string[]> {
  const counts = EVENT_KINDS.map(
    (kind) =>
      `SELECT '${EVENT_TABLES[kind].table}' AS origin, count() AS rows, uniqExact(instance, sequence, idx) AS identities FROM ${EVENT_TABLES[kind].table} FINAL`,
  );
  const problems: string[] = [];
  for (const [table, { rows, identities }] of await numbersByOrigin(clickhouse, counts))
    if (rows !== identities) problems.push(`${table}: ${rows} rows for ${identities} identities`);
  for (const name of ROLLUPS)
    for (const level of LEVELS) problems.push(...(await differences(clickhouse, name, level)));
  return problems;
}

async function differencesFromEmitted(clickhouse: ClickHouse, emitted: TrafficTotals): Promise<string[]> {
  const problems: string[] = [];
  const expectSums = (
    what: string,
    found: Readonly<Record<string, number>>,
    expected: Readonly<Record<string, number>>,
  ) => {
    for (const [name, value] of Object.entries(expected))
      if (found[name] !== value) problems.push(`${what}: ${name} is ${found[name]}, emitted were ${value}`);
  };
  expectSums(
    'batches',
    await numbers(
      clickhouse,
      'SELECT uniqExact(instance, sequence) AS batches, sum(n) AS events FROM (SELECT instance, sequence, argMin(b.events, b.offset) AS n FROM batches AS b GROUP BY instance, sequence)',
    ),
    { batches: emitted.batches, events: emitted.events },
  );
  expectSums(
    'raw events',
    await numbers(
      clickhouse,
      `SELECT ${EVENT_KINDS.map((kind) => `(SELECT count() FROM ${EVENT_TABLES[kind].table} FINAL)`).join(' + ')} AS events`,
    ),
    { events: emitted.events },
  );
  for (const name of ROLLUPS) {
    const sources = [
      ['raw', `(${countRaw(ROLLUP[name], '1')})`],
      ...LEVELS.flatMap((level) =>
        [`${rollupTable(name, level)} FINAL`, viewName(name, level)].map((from) => [from, `(SELECT * FROM ${from})`]),
      ),
    ] as const;
    const found = await numbersByOrigin(
      clickhouse,
      sources.map(([from, rows]) => `SELECT '${from}' AS origin, ${SUMS[name]} FROM ${rows} AS s`),
    );
    for (const [from] of sources) expectSums(`${name} of ${from}`, found.get(from) ?? {}, expectedSums(name, emitted));
  }
  return problems;
}

const SUMS: Readonly<Record<RollupName, string>> = {
  cache:
    'sum(s.windows) AS windows, sum(s.version) AS versions, sum(s.hits) AS hits, sum(s.misses) AS misses, sum(s.evicted) AS evicted, sum(s.get_count) AS getCount, sum(s.get_sum) AS getSumNs, sum(s.get_zero) + sum(arraySum(mapValues(s.get_bins))) AS inBins, ' +
    'sum(s.refreshes_changed + s.refreshes_unchanged) AS refreshed, sum(s.cost_saved_ns) AS costSavedNs, sum(s.ghost_hits) AS ghostHits, sum(s.write_size_sum) AS writtenBytes, sum(s.age_at_hit_sum) AS agesAtHitMs, sum(s.time_to_eviction_sum) AS evictedAfterMs, sum(s.age_at_refresh_sum) AS refreshedAtMs',
  loads:
    'sum(s.loads) AS events, sum(s.version) AS versions, sum(s.bytes) AS bytes, sum(s.total_sum) AS totalNs, sum(s.total_zero) + sum(arraySum(mapValues(s.total_bins))) AS inBins',
  metrics: "sum(s.samples) AS events, sum(s.version) AS versions, sumIf(s.value_sum, s.type = 'counter') AS counterSum",
};

function expectedSums(name: RollupName, { cache, loads, metrics }: TrafficTotals): Record<string, number> {
  if (name === 'cache') return { ...cache, versions: cache.windows, inBins: cache.getCount };
  if (name === 'loads') return { ...loads, versions: loads.events, inBins: loads.events };
  return { ...metrics, versions: metrics.events };
}

/** Buckets that a level and its view do not hold as a plain recount of the raw events has them, with all three values. */
async function differences(clickhouse: ClickHouse, name: RollupName, level: Level): Promise<string[]> {
  const rollup = ROLLUP[name];
  const raw = countRaw(rollup, '1');
  const columns = rollupColumns(rollup).join(', ');
  // One statement for all three: preparing it takes longer than what it does.
  const sources = [
    ['stored', `${rollupTable(name, level)} FINAL`],
    ['answered', viewName(name, level)],
    ['recounted', `(${level === '10s' ? raw : mergeFiner(rollup, level, `(${raw})`)})`],
  ] as const;
  const all = sources.map(([origin, from]) => `SELECT '${origin}' AS origin, ${columns} FROM ${from}`);
  const keys = [...rollup.dimensions, 'bucket_end'].map((key) => `u.${key}`).join(', ');
  const [exact, floats] = measuresOf(rollup);
  const whole = `toString(tuple(${exact.map((measure) => `u.${measure}`).join(', ')}))`;
  const apart = floats.map(
    (measure) => `max(u.${measure}) - min(u.${measure}) > ${FLOAT_TOLERANCE} * greatest(1, abs(max(u.${measure})))`,
  );
  const rows = await clickhouse.query<{ key: string; found: string[] }>(
    `SELECT toString(tuple(${keys})) AS key, arraySort(groupArray(concat(u.origin, ': ', ${whole}))) AS found
     FROM (${all.join(' UNION ALL ')}) AS u
     GROUP BY ${keys}
     HAVING count() != ${sources.length} OR uniqExact(u.origin) != ${sources.length} OR min(${whole}) != max(${whole})${apart.map((one) => ` OR ${one}`).join('')}
     ORDER BY key`,
  );
  const what = `${rollupTable(name, level)}, ${viewName(name, level)}`;
  const shown = rows.slice(0, SHOWN).map(({ key, found }) => `${what}: ${key} has ${found.join(' and ')}`);
  return rows.length > SHOWN ? [...shown, `${what}: ${rows.length - SHOWN} more buckets differ`] : shown;
}

const FLOATS = /^(value_|histogram_sum$)/;

function measuresOf(rollup: Rollup): [exact: string[], floats: string[]] {
  const names = [...rollup.measures.map(({ name }) => name), 'version'];
  const isFloat = (name: string) => rollup.name === 'metrics' && FLOATS.test(name);
  return [names.filter((name) => !isFloat(name)), names.filter(isFloat)];
}

async function waitingFor(log: EventLog, clickhouse: ClickHouse): Promise<string> {
  const committed = new Map(
    (await log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP)).map(({ partition, offset }) => [partition, offset]),
  );
  for (const { partition, next } of await log.ranges(EVENTS_TOPIC))
    if (next > 0n && committed.get(partition) !== next)
      return `partition ${partition} is committed to ${committed.get(partition) ?? 'nothing'} of ${next}`;
  const { open } = await numbers(clickhouse, 'SELECT count() AS open FROM marks FINAL WHERE consumed = 0');
  return open === 0 ? '' : `${open} marks are open`;
}

/** The one row of an answer, its values as numbers. Sums in tests stay below 2^53. */
async function numbers(clickhouse: ClickHouse, sql: string): Promise<Record<string, number>> {
  const [row] = await clickhouse.query<NumberRow>(sql);
  return asNumbers(row ?? {});
}

/** The rows of several SELECTs of the same shape, one row each, by their `origin`. */
async function numbersByOrigin(
  clickhouse: ClickHouse,
  selects: readonly string[],
): Promise<Map<string, Record<string, number>>> {
  const rows = await clickhouse.query<NumberRow & { origin: string }>(selects.join(' UNION ALL '));
  return new Map(rows.map(({ origin, ...row }) => [origin, asNumbers(row)]));
}

type NumberRow = Readonly<Record<string, string | number>>;

function asNumbers(row: NumberRow): Record<string, number> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}
