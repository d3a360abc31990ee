import { expect } from '@jest/globals';
import { LostPartitionError } from '../errors.js';
import type { Committed, RecordBatch } from '../event-log.js';
import { aRecord, keyPerPartition, textOf, until, type ContractRun } from './harness.js';

const endOf = (batch: RecordBatch) => batch.records.at(-1)!.offset + 1n;

export function rebalanceContract(run: ContractRun): void {
  run('shares partitions between two consumers, and neither loses a record', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 4 });
    const keys = await keyPerPartition(log, topic, 4);
    const seen = new Set<string>();
    const consumeAll = () =>
      log.consume({
        topic,
        group,
        maxBatchRecords: 5,
        async onBatch(batch) {
          for (const record of batch.records) seen.add(textOf(record));
          await batch
            .commit(endOf(batch), '')
            .catch((error: unknown) => expect(error).toBeInstanceOf(LostPartitionError));
        },
      });
    const first = await consumeAll();
    await until(() => first.assigned.length === 4);
    const append = (from: number) =>
      log.append(
        topic,
        Array.from({ length: 40 }, (_, i) => aRecord(keys[i % 4]!, String(from + i))),
      );
    await append(0);
    const second = await consumeAll();
    await append(40);
    await until(() => first.assigned.length === 2 && second.assigned.length === 2);
    await append(80);
    expect([...first.assigned, ...second.assigned].toSorted()).toEqual([0, 1, 2, 3]);
    await until(() => Array.from({ length: 120 }, (_, i) => String(i)).every((value) => seen.has(value)));
    await first.close();
    await until(() => second.assigned.length === 4);
    await append(120);
    await until(() => Array.from({ length: 160 }, (_, i) => String(i)).every((value) => seen.has(value)));
    const ends = new Map((await log.ranges(topic)).map(({ partition, next }) => [partition, next]));
    await until(async () =>
      (await log.committed(topic, group)).every(({ partition, offset }) => offset === ends.get(partition)),
    );
  });

  run('refuses the commit of a handler that wakes up after it lost its partition', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 2 });
    const keys = await keyPerPartition(log, topic, 2);
    await log.append(
      topic,
      keys.flatMap((key) => [aRecord(key, 'a'), aRecord(key, 'b')]),
    );
    const asleep = new Map<number, RecordBatch>();
    const gate = Promise.withResolvers<void>();
    const revoked: { partition: number; aborted: boolean | undefined }[] = [];
    const first = await log.consume({
      topic,
      group,
      async onRevoked(_topic, partition) {
        revoked.push({ partition, aborted: asleep.get(partition)?.signal.aborted });
      },
      async onBatch(batch) {
        if (asleep.has(batch.partition)) return;
        asleep.set(batch.partition, batch);
        await gate.promise;
      },
    });
    await until(() => asleep.size === 2);
    const assigned = new Map<number, Committed | undefined>();
    const offsets = new Map<number, bigint>();
    const second = await log.consume({
      topic,
      group,
      async onAssigned(_topic, partition, committed) {
        assigned.set(partition, committed);
      },
      async onBatch(batch) {
        offsets.set(batch.partition, offsets.get(batch.partition) ?? batch.records[0]!.offset);
        await batch.commit(endOf(batch), 'second').catch(() => undefined);
      },
    });
    await until(() => second.assigned.length === 1 && offsets.has(second.assigned[0]!));
    const lost = second.assigned[0]!;
    const late = asleep.get(lost)!;
    expect(late.signal.aborted).toBe(true);
    await expect(late.commit(1n, 'late')).rejects.toBeInstanceOf(LostPartitionError);
    expect(assigned.get(lost)).toBeUndefined();
    expect(offsets.get(lost)).toBe(0n);
    await until(async () =>
      (await log.committed(topic, group)).some(
        ({ partition, metadata }) => partition === lost && metadata === 'second',
      ),
    );
    gate.resolve();
    await first.close();
    const { aborted } = revoked.find(({ partition }) => partition === lost)!;
    expect(aborted).toBe(true);
    expect((await log.committed(topic, group)).some(({ metadata }) => metadata === 'late')).toBe(false);
  });

  run('goes on from the commit of the consumer that left', async ({ log, topic, group }) => {
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(
      topic,
      Array.from({ length: 10 }, (_, i) => aRecord('key', String(i))),
    );
    const half = Promise.withResolvers<void>();
    const first = await log.consume({
      topic,
      group,
      maxBatchRecords: 1,
      async onBatch(batch) {
        if (batch.records[0]!.offset < 5n) await batch.commit(endOf(batch), `first ${endOf(batch)}`);
        else half.resolve();
      },
    });
    await half.promise;
    const committed: (Committed | undefined)[] = [];
    const offsets: bigint[] = [];
    const second = await log.consume({
      topic,
      group,
      async onAssigned(_topic, _partition, one) {
        committed.push(one);
      },
      async onBatch(batch) {
        offsets.push(...batch.records.map(({ offset }) => offset));
        await batch.commit(endOf(batch), 'second').catch(() => undefined);
      },
    });
    await first.close();
    await until(() => second.assigned.length === 1 && offsets.at(-1) === 9n);
    expect(committed.at(-1)).toEqual({ partition: 0, offset: 5n, metadata: 'first 5' });
    expect(offsets).toEqual([5n, 6n, 7n, 8n, 9n]);
  });
}
