import { expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { databaseForEach } from '#libs/clickhouse/testing';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { FakeClock } from '#libs/time/testing';
import { AggregatorStore } from '../aggregator-store.js';
import { Assignments } from '../assignments.js';
import { AggregatorTelemetry } from '../telemetry.js';
import { MarkBook } from './mark-book.js';
import { DEFAULT_RECOUNT, Recounter } from './recounter.js';

const clock = new FakeClock();
const database = databaseForEach(clock);

it('tells progress at once when something happens, and now and then while nothing does', async () => {
  const store = new AggregatorStore(database(), clock);
  const book = new MarkBook();
  const assignments = new Assignments(store, book);
  const telemetry = new AggregatorTelemetry(new Metrics(), { openMarks: () => book.size, partitions: () => [] });
  const parts = [assignments, book, clock, telemetry, new RecordingLogger(), randomUUID] as const;
  const recounter = new Recounter(store, ...parts, DEFAULT_RECOUNT);
  await assignments.assigned(0, undefined, clock.monotonic(), true);
  /** Rounds until some time is over, one a second. @returns how often progress was told meanwhile. */
  const toldIn = async (seconds: number) => {
    const before = assignments.get(0)!.revision;
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000);
      await recounter.run();
    }
    return Number(assignments.get(0)!.revision - before);
  };
  // Silent and idle from the 30th second on: from then on its settled end goes with the clock.
  expect(await toldIn(35)).toBeLessThan(10);
  expect(assignments.get(0)).toMatchObject({ silent: true, idle: true });
  expect(await toldIn(40)).toBe(4);
  assignments.get(0)!.committed = 5n;
  expect(await toldIn(1)).toBe(1);
  const [row] = await database().query<{ committed: string; revision: string }>(
    'SELECT toString(committed) AS committed, toString(revision) AS revision FROM progress FINAL',
  );
  expect(row).toEqual({ committed: '5', revision: String(assignments.get(0)!.revision) });
}, 60_000);
