// From log to rollups: CPU per event and events per second, beside the raw insert of the same rows into the same engine.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aggregator } from '#apps/aggregator';
import { ByteWriter, ClickHouse, migrate, RowEncoder } from '#libs/clickhouse';
import { startEmbeddedEngine } from '#libs/clickhouse/embedded';
import {
  AGGREGATOR_GROUP,
  EVENT_KINDS,
  EVENT_TABLES,
  EVENTS_TOPIC,
  type Batch,
  type Event,
  type EventTable,
} from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { Metrics, SilentLogger } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { expectExact, makeTraffic, recordOf, untilCounted, type Traffic } from '#test/support';

const EVENTS_PER_BATCH = 500;
const BLOCK_ROWS = 50_000;
const HOUR_MS = 3_600_000;
/** Between two looks at whether all is counted, ms: a look costs the engine some milliseconds. */
const LOOK_MS = 200;
const clock = new SystemClock();

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** `--events N` (default 1,000,000), `--runs N` (default 5). Everything is in this process, so its CPU is all there is. */
export async function run({ args = [] }: { args?: readonly string[] } = {}): Promise<object> {
  const option = (name: string, fallback: number) => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const events = option('events', 1_000_000);
  const runs = option('runs', 5);
  const traffic = makeTraffic({
    seed: 1,
    emitters: 32,
    batches: Math.ceil(events / EVENTS_PER_BATCH),
    eventsPerBatch: EVENTS_PER_BATCH,
    startMs: Math.floor((clock.now() - 4 * HOUR_MS) / HOUR_MS) * HOUR_MS,
    spanMs: 120_000,
  });
  const records = [...traffic.batches, ...heartbeats(traffic)].map((batch) => recordOf(batch));
  const results: { raw: Cost; whole: Cost }[] = [];
  for (let i = 0; i < runs; i++)
    results.push({ raw: await rawInsert(traffic), whole: await wholeWay(traffic, records) });

  const { totals } = traffic;
  const median = (of: (result: (typeof results)[number]) => number) =>
    results.map(of).sort((a, b) => a - b)[Math.floor(results.length / 2)]!;
  const perMillion = (seconds: number) => round((seconds / totals.events) * 1e6);
  const rate = (seconds: number) => Math.round(totals.events / seconds);
  return {
    events: totals.events,
    runs,
    cpuSecondsPerMillion: perMillion(median(({ whole }) => whole.cpuSeconds)),
    rawInsertCpuSecondsPerMillion: perMillion(median(({ raw }) => raw.cpuSeconds)),
    eventsPerSecondPerCore: rate(median(({ whole }) => whole.cpuSeconds)),
    rawInsertEventsPerSecondPerCore: rate(median(({ raw }) => raw.cpuSeconds)),
    shareOfRawInsert: round(median(({ raw, whole }) => raw.cpuSeconds / whole.cpuSeconds)),
    eventsPerSecond: rate(median(({ whole }) => whole.seconds)),
    rawInsertEventsPerSecond: rate(median(({ raw }) => raw.seconds)),
  };
}

/** Each emitter's last word, two hours on: every bucket is over, so that every level is recounted at once. */
function heartbeats({ batches }: Traffic): Batch[] {
  const last = new Map(batches.map((batch) => [batch.emitter.instance, batch]));
  return [...last.values()].map((batch) => {
    const at = batch.sentAt + 2 * HOUR_MS;
    return { ...batch, sequence: batch.sequence + 1, sentAt: at, closedThrough: at, events: [] };
  });
}

/** The same rows, encoded and inserted in blocks: what the engine takes at best. */
async function rawInsert({ batches }: Traffic): Promise<Cost> {
  return withEngine((clickhouse) =>
    measured(async () => {
      const encoders = new Map(
        EVENT_KINDS.map((kind) => [
          kind,
          new RowEncoder<Event>((EVENT_TABLES[kind] as unknown as EventTable).columns as never),
        ]),
      );
      let rows = 0;
      let block = new Map<Event['kind'], ByteWriter>();
      const flush = async () => {
        await Promise.all(
          [...block].map(([kind, out]) =>
            clickhouse.insertBytes(EVENT_TABLES[kind].table, encoders.get(kind)!.columnList, out.bytes()),
          ),
        );
        block = new Map();
        rows = 0;
      };
      for (const { emitter, sequence, events } of batches) {
        for (const [index, event] of events.entries()) {
          let out = block.get(event.kind);
          if (out === undefined) block.set(event.kind, (out = new ByteWriter()));
          encoders.get(event.kind)!.write(out, event, { emitter, sequence, index });
        }
        rows += events.length;
        if (rows >= BLOCK_ROWS) await flush();
      }
      await flush();
    }),
  );
}

/** Consume, decode, check, insert, mark, commit, and every level recounted. */
async function wholeWay({ totals }: Traffic, records: readonly NewRecord[]): Promise<Cost> {
  const path = mkdtempSync(join(tmpdir(), 'alperf-bench-'));
  const log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
  try {
    await log.ensureTopic(EVENTS_TOPIC, { partitions: 4 });
    for (let i = 0; i < records.length; i += 100) await log.append(EVENTS_TOPIC, records.slice(i, i + 100));
    return await withEngine(async (clickhouse) => {
      const aggregator = new Aggregator(
        {
          partitions: 4,
          lateHours: 48,
          insertIntervalMs: 500,
          insertMaxRows: BLOCK_ROWS,
          recountIntervalMs: 1_000,
          recountMaxWaitMs: 15_000,
          auditIntervalMs: 10_000,
        },
        { clickhouse, eventLog: log, clock, log: new SilentLogger(), metrics: new Metrics(), newTouch: randomUUID },
      );
      const cost = await measured(async () => {
        aggregator.start();
        const consumption = await log.consume({
          topic: EVENTS_TOPIC,
          group: AGGREGATOR_GROUP,
          maxBatchRecords: 100,
          onAssigned: (_topic, partition, committed) => aggregator.assigned(partition, committed),
          onRevoked: async (_topic, partition) => aggregator.revoked(partition),
          onBatch: (batch) => aggregator.handle(batch),
        });
        await untilCounted(log, clickhouse, clock, { timeoutMs: 300_000, lookMs: LOOK_MS });
        await consumption.close();
        await aggregator.stop();
      });
      await expectExact(clickhouse, { ...totals, batches: records.length });
      return cost;
    });
  } finally {
    await log.close();
    rmSync(path, { recursive: true, force: true });
  }
}

async function withEngine<Result>(work: (clickhouse: ClickHouse) => Promise<Result>): Promise<Result> {
  const path = mkdtempSync(join(tmpdir(), 'alperf-bench-engine-'));
  const engine = await startEmbeddedEngine({ path });
  const clickhouse = new ClickHouse(engine);
  try {
    await migrate(clickhouse, clock);
    return await work(clickhouse);
  } finally {
    await clickhouse.close();
    await engine.stop();
    rmSync(path, { recursive: true, force: true });
  }
}

async function measured(work: () => Promise<void>): Promise<Cost> {
  const cpu = process.cpuUsage();
  const started = clock.monotonic();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (clock.monotonic() - started) / 1_000, cpuSeconds: (user + system) / 1e6 };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
