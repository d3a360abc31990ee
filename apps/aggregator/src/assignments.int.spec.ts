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
  await assignments.assigned(0, undefined, tests.clock.monotonic(), true);
  const writing = assignments.writeMarks([mark], tests.clock);
  await store.written.promise;
  if (moves) {
    assignments.revoked(0);
    // The other owner takes it, and is amid its recount.
    await new AggregatorStore(tests.clickhouse, tests.clock).insertMarks([mark], true);
    await assignments.assigned(0, undefined, tests.clock.monotonic(), true);
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
  await first.assigned(0, committed(at), tests.clock.monotonic(), true);
  await store.writeProgress(first.all(), tests.clock.now());
  const second = new Assignments(store, new MarkBook());
  await second.assigned(0, committed(at - 26_145), tests.clock.monotonic(), true);
  expect(second.get(0)!.tracker.watermark).toBe(at);
  await second.assigned(0, committed(at + 1), tests.clock.monotonic(), true);
  expect(second.get(0)!.tracker.watermark).toBe(at + 1);
});

it.each([
  ['as silent as it was when nothing has come since', 5n, 5n, true, true],
  ['not as silent while the log has records that are not read', 5n, 5n, false, false],
  ['not as silent when the last owner committed more than it told of', 5n, 6n, true, false],
])('takes a partition over %s', async (_, told, offset, isRead, silent) => {
  const store = new AggregatorStore(tests.clickhouse, tests.clock);
  const committed = { partition: 0, offset, metadata: '' };
  const before = new Assignments(store, new MarkBook());
  await before.assigned(0, committed, tests.clock.monotonic(), true);
  Object.assign(before.get(0)!, { silent: true, idle: true, committed: told });
  await store.writeProgress(before.all(), tests.clock.now());
  const after = new Assignments(store, new MarkBook());
  await after.assigned(0, committed, tests.clock.monotonic(), isRead);
  expect(after.get(0)).toMatchObject({ silent, idle: silent });
});
