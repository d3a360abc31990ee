import { expect } from '@jest/globals';
import type { Committed, RecordBatch } from '../event-log.js';
import { aRecord, keyPerPartition, textOf, until, type ContractRun } from './harness.js';

const endOf = (batch: RecordBatch) => batch.records.at(-1)!.offset + 1n;
const numbers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => aRecord(`key-${i % 7}`, String(from + i)));

export function consumeContract(run: ContractRun): void {
  run('delivers what is there and what comes, in order and once when all goes well', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 3 });
    await log.append(topic, numbers(100));
    const seen = new Map<number, { offset: bigint; value: string }[]>();
    await log.consume({
      topic,
      group,
      async onBatch(batch) {
        expect(batch.topic).toBe(topic);
        const list = seen.get(batch.partition) ?? [];
        seen.set(batch.partition, list);
        for (const record of batch.records) list.push({ offset: record.offset, value: textOf(record) });
        await batch.commit(endOf(batch), '');
      },
    });
    const count = () => [...seen.values()].flat().length;
    await until(() => count() >= 100);
    for (let i = 100; i < 120; i++) await log.append(topic, [aRecord(`key-${i % 7}`, String(i))]);
    await until(() => count() >= 120);
    for (const list of seen.values()) expect(list.map(({ offset }) => offset)).toEqual(list.map((_, i) => BigInt(i)));
    const values = [...seen.values()].flat().map(({ value }) => Number(value));
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, i) => i));
  });

  run(
    'hands a partition over before its first batch, with what was committed and its metadata',
    async ({ log, topic, group, reopen }) => {
      await log.ensureTopic(topic, { partitions: 1 });
      await log.append(topic, numbers(10));
      const metadata = JSON.stringify({ watermark: 1_790_000_000_000, note: 'größer ≥ 🐘' });
      const first: unknown[] = [];
      const consumption = await log.consume({
        topic,
        group,
        maxBatchRecords: 4,
        async onAssigned(assignedTopic, partition, committed) {
          first.push([assignedTopic, partition, committed]);
        },
        async onBatch(batch) {
          first.push(batch.records.length <= 4);
          if (batch.records[0]!.offset === 0n) await batch.commit(3n, metadata);
        },
      });
      await until(() => first.length > 1);
      await consumption.close();
      expect(first[0]).toEqual([topic, 0, undefined]);
      expect(new Set(first.slice(1))).toEqual(new Set([true]));
      const expected: Committed = { partition: 0, offset: 3n, metadata };
      expect(await log.committed(topic, group)).toEqual([expected]);

      const again = await reopen();
      expect(await again.committed(topic, group)).toEqual([expected]);
      const second: unknown[] = [];
      await again.consume({
        topic,
        group,
        async onAssigned(_topic, _partition, committed) {
          second.push(committed);
        },
        async onBatch(batch) {
          second.push(...batch.records.map(({ offset }) => offset));
        },
      });
      await until(() => second.length === 8);
      expect(second).toEqual([expected, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
    },
  );

  run('keeps metadata of 4,096 bytes, and refuses more', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, numbers(1));
    const outcomes: unknown[] = [];
    await log.consume({
      topic,
      group,
      async onBatch(batch) {
        await batch.commit(1n, 'x'.repeat(4_096)).then(() => outcomes.push('committed'));
        await batch.commit(1n, 'é'.repeat(2_049)).catch((error: { code: string }) => outcomes.push(error.code));
      },
    });
    await until(() => outcomes.length === 2);
    expect(outcomes).toEqual(['committed', 'RECORD_TOO_LARGE']);
    expect((await log.committed(topic, group))[0]?.metadata).toHaveLength(4_096);
  });

  run('delivers again from the last commit after a failure, and tells of it', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, numbers(12));
    const deliveries: bigint[][] = [];
    const errors: Error[] = [];
    let failures = 0;
    await log.consume({
      topic,
      group,
      maxBatchRecords: 100,
      onError: (error) => errors.push(error),
      async onBatch(batch) {
        deliveries.push(batch.records.map(({ offset }) => offset));
        if (failures === 0) await batch.commit(5n, 'five');
        if (failures < 3) {
          failures += 1;
          throw new Error(`failure ${failures}`);
        }
        await batch.commit(endOf(batch), 'done');
      },
    });
    await until(async () => (await log.committed(topic, group))[0]?.offset === 12n);
    expect(errors.map(({ message }) => message)).toEqual(['failure 1', 'failure 2', 'failure 3']);
    expect(deliveries[0]![0]).toBe(0n);
    for (const redelivered of deliveries.slice(1, 4)) expect(redelivered[0]).toBe(5n);
    const last = deliveries.slice(3).flat();
    expect(last).toEqual(Array.from({ length: 7 }, (_, i) => BigInt(5 + i)));
  });

  run(
    'goes on without a commit, and starts over from the last one for the next consumer',
    async ({ log, topic, group }) => {
      await log.ensureTopic(topic, { partitions: 1 });
      await log.append(topic, numbers(6));
      const consumeAll = async () => {
        const offsets: bigint[] = [];
        const consumption = await log.consume({
          topic,
          group,
          maxBatchRecords: 2,
          async onBatch({ records }) {
            offsets.push(...records.map(({ offset }) => offset));
          },
        });
        await until(() => offsets.length >= 6);
        await consumption.close();
        return offsets;
      };
      expect(await consumeAll()).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
      expect(await log.committed(topic, group)).toEqual([]);
      expect(await consumeAll()).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
    },
  );

  run('says where the log ends, so that a consumer knows its lag', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, numbers(9));
    const lags: bigint[] = [];
    await log.consume({
      topic,
      group,
      maxBatchRecords: 3,
      async onBatch(batch) {
        lags.push(batch.next - endOf(batch));
      },
    });
    await until(() => lags.at(-1) === 0n);
    expect(lags).toEqual(lags.toSorted((a, b) => Number(b - a)));
  });

  run('works on partitions side by side, and on one batch of a partition at a time', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 2 });
    const [blockedKey, freeKey] = await keyPerPartition(log, topic, 2);
    const gate = Promise.withResolvers<void>();
    const running = new Set<number>();
    let overlap = false;
    const handled = [0, 0];
    await log.consume({
      topic,
      group,
      maxBatchRecords: 1,
      async onBatch(batch) {
        if (running.has(batch.partition)) overlap = true;
        running.add(batch.partition);
        if (batch.partition === 0) await gate.promise;
        else await new Promise((resolve) => setImmediate(resolve));
        for (const record of batch.records) if (textOf(record) === 'more') handled[batch.partition]! += 1;
        running.delete(batch.partition);
      },
    });
    await until(() => running.has(0));
    for (let i = 0; i < 10; i++) await log.append(topic, [aRecord(blockedKey!, 'more'), aRecord(freeKey!, 'more')]);
    await until(() => handled[1] === 10);
    expect(handled[0]).toBe(0);
    gate.resolve();
    await until(() => handled[0] === 10);
    expect(overlap).toBe(false);
  });

  run(
    'starts at the earliest record, without a commit, when the committed offsets have vanished',
    async ({ log, topic, group, harness }) => {
      await log.ensureTopic(topic, { partitions: 1 });
      await log.append(topic, numbers(5));
      const first = await log.consume({ topic, group, onBatch: (batch) => batch.commit(endOf(batch), 'gone soon') });
      await until(async () => (await log.committed(topic, group))[0]?.offset === 5n);
      await first.close();
      await harness.forgetCommits(log, topic, group);
      expect(await log.committed(topic, group)).toEqual([]);
      const assigned: (Committed | undefined)[] = [];
      const offsets: bigint[] = [];
      await log.consume({
        topic,
        group,
        async onAssigned(_topic, _partition, committed) {
          assigned.push(committed);
        },
        async onBatch({ records }) {
          offsets.push(...records.map(({ offset }) => offset));
        },
      });
      await until(() => offsets.length === 5);
      expect(assigned).toEqual([undefined]);
      expect(offsets).toEqual([0n, 1n, 2n, 3n, 4n]);
    },
  );

  run('gives every group everything', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 2 });
    await log.append(topic, numbers(20));
    const counts = [0, 0];
    for (const which of [0, 1])
      await log.consume({
        topic,
        group: `${group}-${which}`,
        async onBatch(batch) {
          counts[which]! += batch.records.length;
          await batch.commit(endOf(batch), `${which}`);
        },
      });
    await until(() => counts[0] === 20 && counts[1] === 20);
    expect((await log.committed(topic, `${group}-0`)).every(({ metadata }) => metadata === '0')).toBe(true);
  });

  run(
    'aborts the signal on closing, waits for the handler, and refuses its commit afterwards',
    async ({ log, topic, group }) => {
      await log.ensureTopic(topic, { partitions: 1 });
      await log.append(topic, numbers(3));
      const started = Promise.withResolvers<RecordBatch>();
      const events: string[] = [];
      const gate = Promise.withResolvers<void>();
      const consumption = await log.consume({
        topic,
        group,
        maxBatchRecords: 1,
        async onRevoked() {
          events.push('revoked');
        },
        async onBatch(batch) {
          started.resolve(batch);
          batch.signal.addEventListener('abort', () => events.push('aborted'));
          await gate.promise;
          events.push('handled');
        },
      });
      const batch = await started.promise;
      const closing = consumption.close().then(() => events.push('closed'));
      await until(() => events.includes('aborted'));
      expect(batch.signal.aborted).toBe(true);
      await expect(batch.commit(1n, 'too late')).rejects.toMatchObject({ code: 'LOST_PARTITION' });
      expect(events).not.toContain('closed');
      gate.resolve();
      await closing;
      await consumption.close();
      expect(events.indexOf('aborted')).toBe(0);
      expect(events.indexOf('handled')).toBeLessThan(events.indexOf('closed'));
      expect(events.filter((event) => event === 'revoked')).toHaveLength(1);
      expect(events.filter((event) => event === 'handled')).toHaveLength(1);
      expect(consumption.assigned).toEqual([]);
      expect(await log.committed(topic, group)).toEqual([]);
    },
  );

  run('closes its consumers when the log is closed', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, numbers(3));
    const started = Promise.withResolvers<RecordBatch>();
    let over = false;
    await log.consume({
      topic,
      group,
      async onBatch(batch) {
        started.resolve(batch);
        await new Promise((resolve) => batch.signal.addEventListener('abort', resolve, { once: true }));
        over = true;
      },
    });
    const batch = await started.promise;
    await log.close();
    expect(over).toBe(true);
    await expect(batch.commit(1n, 'too late')).rejects.toMatchObject({
      code: expect.stringMatching(/LOST_PARTITION|LOG_CLOSED/),
    });
  });
}
