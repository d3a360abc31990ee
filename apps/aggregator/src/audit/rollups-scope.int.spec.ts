import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LEVELS } from '#libs/contracts';
import { HOUR_MS, MINUTE_MS } from '#libs/time';
import { makeTraffic } from '#test/support';
import { AggregatorStore } from '../aggregator-store.js';
import { Assignments } from '../assignments.js';
import { MarkBook } from '../recount/mark-book.js';
import { engineOfFile, TestAggregation } from '../testing/test-aggregation.js';
import { AuditStore } from './audit-store.js';
import { AuditScopes } from './scopes.js';

const engine = engineOfFile();
let tests: TestAggregation;

beforeEach(async () => {
  tests = await TestAggregation.start(engine());
}, 180_000);

afterEach(() => tests.stop());

const minute = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

/** How far each partition is settled on every level; the last word of each counts. */
async function settle(...partitions: readonly { idle: boolean; throughMs: number }[]): Promise<void> {
  const rows = partitions.map(({ idle, throughMs }, partition) => {
    const through = throughMs / 1_000;
    return `(${partition}, ${Number(idle)}, ${LEVELS.map(() => through).join(', ')}, ${tests.clock.now()}000)`;
  });
  await tests.clickhouse.command(
    `INSERT INTO progress (partition, idle, ${LEVELS.map((level) => `settled_${level}`).join(', ')}, revision) VALUES ${rows.join(', ')}`,
  );
}

it('goes as far as the partitions that are not idle, and looks at hours that hold something only', async () => {
  const { clickhouse, clock, log } = tests;
  const now = clock.now();
  const startMs = now - 20 * MINUTE_MS;
  await tests.append(makeTraffic({ seed: 3, batches: 4, startMs, spanMs: 5 * MINUTE_MS }).batches);
  const running = await tests.aggregate();
  await tests.counted();
  await running.stop();
  const store = new AggregatorStore(clickhouse, clock);
  const assignments = new Assignments(store, new MarkBook());
  await assignments.assigned(0, { partition: 0, offset: 0n, metadata: '' }, clock.monotonic(), true);
  const scopes = new AuditScopes(log, store, new AuditStore(clickhouse, 48 * HOUR_MS), assignments, clock);
  const rollups = async () => (await scopes.now()).find(({ name }) => name === 'rollups')!;

  // Two of three partitions never had a record: of those the clock is trusted up to two hours ago only.
  const settledMs = minute(now - 2 * MINUTE_MS);
  await settle(
    { idle: true, throughMs: minute(now - 2 * HOUR_MS) },
    { idle: false, throughMs: settledMs },
    { idle: true, throughMs: minute(now - 2 * HOUR_MS) },
  );
  const { end, slices, list } = await rollups();
  expect(end).toBe(settledMs);
  const hour = (ms: number) => Math.floor(ms / HOUR_MS) * HOUR_MS;
  expect(slices.length).toBeGreaterThan(0);
  expect(slices[0]).toBeGreaterThanOrEqual(hour(startMs - MINUTE_MS));
  expect(slices.at(-1)).toBeLessThanOrEqual(hour(now));
  expect((await list(slices)).length).toBeGreaterThan(0);

  await settle(
    { idle: true, throughMs: settledMs - 5 * MINUTE_MS },
    { idle: true, throughMs: settledMs },
    { idle: true, throughMs: settledMs - HOUR_MS },
  );
  expect((await rollups()).end).toBe(settledMs);
}, 120_000);
