import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { writeCommitMetadata } from '#libs/contracts';
import { AggregatorStore } from './aggregator-store.js';
import { Assignments } from './assignments.js';
import { MarkBook, type Mark } from './recount/mark-book.js';
import { engineOfFile, TestAggregation } from './testing/test-aggregation.js';

const engine = engineOfFile();
let tests: TestAggregation;

beforeEach(async () => {
  tests = await TestAggregation.start(engine());
}, 60_000);

afterEach(async () => {
  await tests.stop();
}, 60_000);

/** Writes to the engine, and then waits until it is let go: between the write and its answer anything may happen. */
class LatchedStore extends AggregatorStore {
  readonly written = Promise.withResolvers<void>();
  readonly latch = Promise.withResolvers<void>();

  override async insertMarks(marks: readonly Mark[], consumed: boolean): Promise<void> {
    await super.insertMarks(marks, consumed);
    this.written.resolve();
    await this.latch.promise;
  }
}

const mark: Mark = {
  level: '10s',
  rollup: 'cache',
  service: 'api',
  subject: 'covers',
  bucketEnd: 1_800_000_000,
  partition: 0,
  touch: '0@5/a',
};

it.each([
  ['stands by a mark for later touches when its partition was there all the while', false, false],
  ['stands by no mark whose partition went away and came back while it was written', true, true],
])('%s', async (_, moves, needsMark) => {
  const store = new LatchedStore(tests.clickhouse, tests.clock);
  const book = new MarkBook();
  const assignments = new Assignments(store, book);
  await assignments.assigned(0, undefined, tests.clock.monotonic());
  const writing = assignments.writeMarks([mark], tests.clock);
  await store.written.promise;
  if (moves) {
    assignments.revoked(0);
    // The other owner takes it, and is amid its recount.
    await new AggregatorStore(tests.clickhouse, tests.clock).insertMarks([mark], true);
    await assignments.assigned(0, undefined, tests.clock.monotonic());
  }
  store.latch.resolve();
  await writing;
  expect(book.needsMark(mark)).toBe(needsMark);
  // It is recounted by whoever has it, once more if need be.
  expect(book.isOpen(0)).toBe(true);
});

it('goes on from the furthest watermark that was told, in a commit or in the progress', async () => {
  const store = new AggregatorStore(tests.clickhouse, tests.clock);
  const at = Date.UTC(2026, 10, 24, 18, 1, 26, 145);
  const committed = (watermark: number) => ({
    partition: 0,
    offset: 5n,
    metadata: writeCommitMetadata({ watermark, latenessMs: 48 * 3_600_000 }),
  });
  const first = new Assignments(store, new MarkBook());
  await first.assigned(0, committed(at), tests.clock.monotonic());
  await store.writeProgress(first.all(), tests.clock.now());
  const second = new Assignments(store, new MarkBook());
  await second.assigned(0, committed(at - 26_145), tests.clock.monotonic());
  expect(second.get(0)!.tracker.watermark).toBe(at);
  await second.assigned(0, committed(at + 1), tests.clock.monotonic());
  expect(second.get(0)!.tracker.watermark).toBe(at + 1);
});
