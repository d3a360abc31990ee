import { expect } from '@jest/globals';
import fc from 'fast-check';
import { SystemClock } from '#libs/time';
import { MAX_READ_BYTES, type NewRecord } from '../event-log.js';
import { aRecord, textOf, type ContractRun } from './harness.js';

const aKey = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const aHeader = fc.tuple(fc.stringMatching(/^[a-z][a-z0-9.-]{0,20}$/), fc.string({ unit: 'binary', maxLength: 200 }));
const anyRecord: fc.Arbitrary<NewRecord> = fc.record({
  key: aKey,
  value: fc.uint8Array({ maxLength: 2_000 }),
  headers: fc.array(aHeader, { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs)),
});

export function appendContract(run: ContractRun): void {
  run('gives positions in the order given, without holes', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 4 });
    const positions = [
      ...(await log.append(
        topic,
        Array.from({ length: 50 }, (_, i) => aRecord(`key-${i}`)),
      )),
      ...(await log.append(
        topic,
        Array.from({ length: 50 }, (_, i) => aRecord(`key-${i + 50}`)),
      )),
    ];
    expect(positions).toHaveLength(100);
    for (const range of await log.ranges(topic)) {
      const offsets = positions.filter(({ partition }) => partition === range.partition).map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, i) => BigInt(i)));
      expect(range).toMatchObject({ earliest: 0n, next: BigInt(offsets.length) });
      const records = await log.read(topic, { partition: range.partition, offset: 0n }, 1_000);
      for (const one of records) {
        const index = positions.findIndex(
          ({ partition, offset }) => partition === one.partition && offset === one.offset,
        );
        expect(one.key).toBe(`key-${index}`);
      }
      expect(records).toHaveLength(offsets.length);
    }
  });

  run('keeps every byte of keys, headers and values', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), async (records) => {
        const positions = await log.append(topic, records);
        for (const [index, position] of positions.entries()) {
          const [read] = await log.read(topic, position, 1);
          expect(read).toMatchObject(position);
          expect(read!.key).toBe(records[index]!.key);
          expect({ ...read!.headers }).toEqual(records[index]!.headers);
          expect(Buffer.compare(read!.value, records[index]!.value)).toBe(0);
        }
      }),
      { numRuns: 25 },
    );
  });

  run('keeps one key in one partition and in order, also when many append at once', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 3 });
    const append = (batch: number) =>
      log.append(
        topic,
        Array.from({ length: 5 }, (_, i) => aRecord(`key-${batch % 4}`, String(batch * 5 + i))),
      );
    const positions = (await Promise.all(Array.from({ length: 40 }, (_, batch) => append(batch)))).flat();
    expect(new Set(positions.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(200);
    const places = new Map<string, Set<number>>();
    for (const { partition } of await log.ranges(topic)) {
      const records = await log.read(topic, { partition, offset: 0n }, 1_000);
      for (const { key } of records) places.set(key, (places.get(key) ?? new Set()).add(partition));
      for (const key of new Set(records.map((one) => one.key))) {
        const numbers = records.filter((one) => one.key === key).map((one) => Number(textOf(one)));
        expect(numbers).toHaveLength(50);
        // One call keeps its order; the calls themselves were made in this order as well.
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }
    for (const partitions of places.values()) expect(partitions.size).toBe(1);
  });

  run('takes no records as nothing to do', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    expect(await log.append(topic, [])).toEqual([]);
    expect(await log.ranges(topic)).toEqual([{ partition: 0, earliest: 0n, next: 0n }]);
  });

  run(
    'takes a large record, and refuses one that is too large without taking any of the call',
    async ({ log, topic, harness }) => {
      await log.ensureTopic(topic, { partitions: 1 });
      const large = Buffer.alloc(harness.maxValueBytes, 7);
      await log.append(topic, [aRecord('large', large)]);
      const tooLarge = aRecord('large', Buffer.alloc(harness.maxValueBytes * 2, 8));
      await expect(log.append(topic, [aRecord('small'), tooLarge])).rejects.toMatchObject({
        code: 'RECORD_TOO_LARGE',
        retriable: false,
      });
      const records = await log.read(topic, { partition: 0, offset: 0n }, 10);
      expect(records).toHaveLength(1);
      expect(Buffer.compare(records[0]!.value, large)).toBe(0);
    },
  );

  run('says when it took a record', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, [aRecord('first')]);
    await log.append(topic, [aRecord('second')]);
    const [first, second] = await log.read(topic, { partition: 0, offset: 0n }, 2);
    expect(Math.abs(first!.appendedAt - new SystemClock().now())).toBeLessThan(60_000);
    expect(second!.appendedAt).toBeGreaterThanOrEqual(first!.appendedAt);
  });

  run('reads from anywhere, at most as many as asked for', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(
      topic,
      Array.from({ length: 20 }, (_, i) => aRecord('key', String(i))),
    );
    const read = async (offset: bigint, limit: number) =>
      (await log.read(topic, { partition: 0, offset }, limit)).map((one) => Number(textOf(one)));
    expect(await read(0n, 3)).toEqual([0, 1, 2]);
    expect(await read(7n, 2)).toEqual([7, 8]);
    expect(await read(18n, 10)).toEqual([18, 19]);
    expect(await read(20n, 10)).toEqual([]);
    expect(await read(5n, 0)).toEqual([]);
  });

  run('reads large records to the end, page by page, each bounded in bytes', async ({ log, topic, harness }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    const count = 20;
    const value = Buffer.alloc(Math.min(harness.maxValueBytes, 1_000_000), 7);
    for (let i = 0; i < count; i++) await log.append(topic, [aRecord('key', value)]);
    const offsets: bigint[] = [];
    for (let next = 0n; next < BigInt(count);) {
      const page = await log.read(topic, { partition: 0, offset: next }, count);
      expect(page[0]?.offset).toBe(next);
      // The one that reaches the bound is the last.
      const bytes = page.slice(0, -1).reduce((sum, record) => sum + record.value.byteLength, 0);
      expect(bytes).toBeLessThan(MAX_READ_BYTES);
      offsets.push(...page.map(({ offset }) => offset));
      next = page.at(-1)!.offset + 1n;
    }
    expect(offsets).toEqual(Array.from({ length: count }, (_, i) => BigInt(i)));
  });

  run('creates a topic once, and refuses another number of partitions', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 3 });
    await log.append(topic, [aRecord('kept')]);
    await log.ensureTopic(topic, { partitions: 3 });
    await expect(log.ensureTopic(topic, { partitions: 4 })).rejects.toMatchObject({ code: 'LOG_MISCONFIGURED' });
    const ranges = await log.ranges(topic);
    expect(ranges.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(ranges.reduce((sum, { next }) => sum + next, 0n)).toBe(1n);
  });

  run('holds what it acknowledged, and goes on after it, when it is opened again', async ({ log, topic, reopen }) => {
    await log.ensureTopic(topic, { partitions: 2 });
    const before = await log.append(
      topic,
      Array.from({ length: 30 }, (_, i) => aRecord(`key-${i}`, String(i))),
    );
    const again = await reopen();
    await again.ensureTopic(topic, { partitions: 2 });
    const after = await again.append(
      topic,
      Array.from({ length: 30 }, (_, i) => aRecord(`key-${i}`, String(i + 30))),
    );
    for (const [index, position] of [...before, ...after].entries()) {
      const [read] = await again.read(topic, position, 1);
      expect(textOf(read!)).toBe(String(index));
    }
    const total = (await again.ranges(topic)).reduce((sum, { earliest, next }) => sum + next - earliest, 0n);
    expect(total).toBe(60n);
  });

  run('says that an acknowledged append is durable', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    expect(await log.durability(topic)).toEqual({ durable: true, detail: expect.stringMatching(/\w/) });
  });

  run('says how long records are kept', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    const { ms, slackMs } = await log.retention(topic);
    expect(ms + slackMs).toBeGreaterThan(0);
    expect(ms + slackMs).toBeLessThan(14 * 86_400_000);
  });

  run('refuses everything once it is closed, and lets what was under way settle', async ({ log, topic }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    const underWay = log.append(topic, [aRecord('a')]).then(
      (positions) => positions.length,
      (error: { code: string }) => error.code,
    );
    await log.close();
    expect([1, 'LOG_CLOSED', 'LOG_UNAVAILABLE']).toContain(await underWay);
    await expect(log.append(topic, [aRecord('b')])).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    await expect(log.consume({ topic, group: 'g', onBatch: async () => undefined })).rejects.toMatchObject({
      code: 'LOG_CLOSED',
    });
    await log.close();
  });
}
