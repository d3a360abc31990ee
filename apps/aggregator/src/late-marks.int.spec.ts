import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { databaseForEach } from '#libs/clickhouse/testing';
import { EVENTS_TOPIC } from '#libs/contracts';
import { LostPartitionError, type LogRecord, type RecordBatch } from '#libs/event-log';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { SystemClock } from '#libs/time';
import { expectExact, makeTraffic, recordOf } from '#test/support';
import { AggregatorStore } from './aggregator-store.js';
import { Assignments } from './assignments.js';
import { Inserter } from './insert/inserter.js';
import { MarkBook, type Mark } from './recount/mark-book.js';
import { DEFAULT_RECOUNT, Recounter } from './recount/recounter.js';
import { AggregatorTelemetry } from './telemetry.js';

const clock = new SystemClock();
const database = databaseForEach(clock);

/** Writes its marks when it is let go: what an owner does that is amid a block when it loses its partition. */
class LatchedStore extends AggregatorStore {
  readonly reached = Promise.withResolvers<void>();
  readonly latch = Promise.withResolvers<void>();

  override async insertMarks(marks: readonly Mark[], consumed: boolean): Promise<void> {
    this.reached.resolve();
    await this.latch.promise;
    return super.insertMarks(marks, consumed);
  }
}

/** Whoever has partition 0. What it has marked is due at once; the table is not searched unless it is told to. */
async function anOwner(store: AggregatorStore) {
  const book = new MarkBook();
  const assignments = new Assignments(store, book);
  const telemetry = new AggregatorTelemetry(new Metrics(), { openMarks: () => book.size, partitions: () => [] });
  const parts = [assignments, book, clock, telemetry, new RecordingLogger(), randomUUID] as const;
  await assignments.assigned(0, undefined, clock.monotonic(), true);
  return {
    assignments,
    inserter: new Inserter(store, ...parts, { paceMs: 0, maxBlockRows: 50_000, latenessMs: 48 * 3_600_000 }),
    recounter: new Recounter(store, ...parts, { ...DEFAULT_RECOUNT, maxWaitMs: { '10s': 0, '1m': 0, '1h': 0 } }),
  };
}

it('needs none of the marks that the owner before writes after they were read: its records come again with marks of their own', async () => {
  const store = new AggregatorStore(database(), clock);
  const { batches, totals } = makeTraffic({ seed: 41, batches: 1, startMs: clock.now() - 7_200_000, spanMs: 1 });
  const record: LogRecord = { ...recordOf(batches[0]!), partition: 0, offset: 0n, appendedAt: clock.now() };
  const delivered = (commit: RecordBatch['commit']): RecordBatch => ({
    topic: EVENTS_TOPIC,
    partition: 0,
    records: [record],
    next: 1n,
    signal: new AbortController().signal,
    commit,
  });

  const late = new LatchedStore(database(), clock);
  const before = await anOwner(late);
  const lost = expect(
    before.inserter.insert(delivered(() => Promise.reject(new LostPartitionError('It is the next one’s.')))),
  ).rejects.toBeInstanceOf(LostPartitionError);
  await late.reached.promise;
  const after = await anOwner(store);
  late.latch.resolve();
  await lost;

  await after.inserter.insert(delivered(async () => undefined));
  await after.recounter.run();
  await expectExact(database(), totals);

  // Those of the owner before are still open, and are found by the search. They change no answer.
  expect(await store.openMarks(0)).not.toEqual([]);
  await after.assignments.findMarks(clock.monotonic());
  await after.recounter.run();
  expect(await store.openMarks(0)).toEqual([]);
  await expectExact(database(), totals);
}, 120_000);
