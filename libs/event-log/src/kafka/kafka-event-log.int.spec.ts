import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { LostPartitionError } from '../errors.js';
import type { Committed, NewRecord, RecordBatch } from '../event-log.js';
import { kafkaClient } from './client.js';
import { KafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.js';

const clock = new SystemClock();
const record = (key: string, text = key, headers: Record<string, string> = {}): NewRecord => ({
  key,
  value: Buffer.from(text),
  headers,
});
/** Waits until the condition holds; the test's own time limit ends it. */
const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await clock.sleep(20);
};

describeWithKafka('The Kafka log on a real broker', (kafka) => {
  const opened: KafkaEventLog[] = [];
  let topic: string;
  let group: string;
  const open = async (options: Partial<KafkaEventLogOptions> = {}) => {
    const log = await KafkaEventLog.open({
      brokers: kafka().brokers,
      clientId: 'spec',
      clock,
      random: Math.random,
      sessionTimeoutMs: 1_500,
      ...options,
    });
    opened.push(log);
    return log;
  };

  beforeEach(() => {
    topic = `t.${randomUUID()}`;
    group = `g.${randomUUID()}`;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()));
  });

  it('has a topic that several create at the same moment, for each of them', async () => {
    const logs = await Promise.all(Array.from({ length: 6 }, () => open()));
    // Each begins a little later: one may find the topic listed before its partitions are known.
    for (let round = 0; round < 20; round++) {
      const ensured = logs.map(async (log, i) => {
        await clock.sleep(i * 4);
        return log.ensureTopic(`${topic}.${round}`, { partitions: 12 });
      });
      expect(await Promise.all(ensured)).toEqual(logs.map(() => undefined));
    }
  });

  it('keeps what is appended at once in order per key, and gives its positions', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 3 });
    const appends = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        log.append(topic, [
          record(`key ${i % 7}`, `${i}`, i % 3 === 0 ? { ce: 'zstd' } : {}),
          record(`key ${i % 5}`, `${i}b`),
        ]),
      ),
    );
    const held = new Map<string, string>();
    for (const { partition } of await log.ranges(topic)) {
      const records = await log.read(topic, { partition, offset: 0n }, 1_000);
      for (const one of records) held.set(`${one.partition}/${one.offset}`, one.value.toString());
      for (const key of new Set(records.map((one) => one.key))) {
        const order = records.filter((one) => one.key === key).map((one) => Number.parseInt(one.value.toString(), 10));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
    }
    expect(held.size).toBe(400);
    appends.forEach(([first, second], i) => {
      expect(held.get(`${first!.partition}/${first!.offset}`)).toBe(`${i}`);
      expect(held.get(`${second!.partition}/${second!.offset}`)).toBe(`${i}b`);
    });
  }, 60_000);

  it('puts a key where every other Kafka client puts it', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 32 });
    const keys = ['a', 'instance', '7b9c0c52-8f53-4d5b-9e6b-2f1f7b1a0001', 'ü'];
    const positions = await log.append(
      topic,
      keys.map((key) => record(key)),
    );
    // org.apache.kafka.common.utils.Utils: toPositive(murmur2(key)) % 32
    expect(positions.map(({ partition }) => partition)).toEqual([28, 31, 13, 26]);
  }, 60_000);

  it('refuses the commit of a consumer that was silent for longer than the session timeout', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, [record('a')]);
    const outcome = Promise.withResolvers<unknown>();
    let blocked = false;
    await log.consume({
      topic,
      group,
      async onBatch(batch) {
        if (blocked) return;
        blocked = true;
        // Blocks this whole process, heartbeats included, past the session timeout: as a stopped machine would.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
        await batch.commit(1n, 'late').then(outcome.resolve, outcome.resolve);
      },
    });
    expect(await outcome.promise).toBeInstanceOf(LostPartitionError);
    expect(await log.committed(topic, group)).toEqual([]);
  }, 60_000);

  it('refuses the commit of a handler that wakes up after its partition went to another consumer', async () => {
    const [first, second] = [await open(), await open()];
    await first.ensureTopic(topic, { partitions: 2 });
    await first.append(
      topic,
      Array.from({ length: 20 }, (_, i) => record(`${i}`)),
    );
    const asleep = new Map<number, { batch: RecordBatch; wake: () => void; outcome: Promise<unknown> }>();
    await first.consume({
      topic,
      group,
      onBatch(batch) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const outcome = promise
          .then(() => batch.commit(batch.records.at(-1)!.offset + 1n, 'late'))
          .catch((e: unknown) => e);
        asleep.set(batch.partition, { batch, wake: resolve, outcome });
        return promise;
      },
    });
    await until(() => asleep.size === 2);
    const seen: RecordBatch[] = [];
    const consumption = await second.consume({
      topic,
      group,
      async onBatch(batch) {
        seen.push(batch);
        await batch.commit(batch.records.at(-1)!.offset + 1n, 'second');
      },
    });
    await until(() => seen.length > 0 && consumption.assigned.length === 1);
    for (const { batch, wake, outcome } of asleep.values()) {
      expect(batch.signal.aborted).toBe(true);
      wake();
      expect(await outcome).toBeInstanceOf(LostPartitionError);
    }
    const [moved] = consumption.assigned;
    expect((await first.committed(topic, group)).filter(({ metadata }) => metadata === 'late')).toEqual([]);
    expect((await first.committed(topic, group)).find(({ partition }) => partition === moved)?.metadata).toBe('second');
  }, 60_000);

  it('does not fetch over and over what it cannot hand out while it closes', async () => {
    const sockets = new Set<Socket>();
    const onSocket = (message: unknown) => sockets.add((message as { socket: Socket }).socket);
    subscribe('net.client.socket', onSocket);
    try {
      const [log, other] = [await open(), await open()];
      await log.ensureTopic(topic, { partitions: 1 });
      await log.append(topic, [record('a')]);
      const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const consumption = await log.consume({
        topic,
        group,
        onBatch() {
          begun.resolve();
          return end.promise;
        },
      });
      await begun.promise;
      const closing = consumption.close();
      const large = { key: 'a', value: Buffer.alloc(900_000, 'x'), headers: { ce: 'zstd' } };
      await other.append(topic, [large]);
      const read = () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
      const before = read();
      await clock.sleep(1_000);
      expect(read() - before).toBeLessThan(3 * 900_000);
      end.resolve();
      await closing;
    } finally {
      unsubscribe('net.client.socket', onSocket);
    }
  }, 60_000);

  it('keeps its partition while a handler works longer than the session timeout', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(topic, [record('a')]);
    const done = Promise.withResolvers<void>();
    await log.consume({
      topic,
      group,
      async onBatch(batch) {
        await clock.sleep(4_000, batch.signal);
        await batch.commit(1n, 'slow').then(done.resolve, done.reject);
      },
    });
    await done.promise;
    expect(await log.committed(topic, group)).toEqual([{ partition: 0, offset: 1n, metadata: 'slow' }]);
  }, 60_000);

  it('starts at the earliest record, without a commit, when the committed offset is no longer held', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 1 });
    await log.append(
      topic,
      Array.from({ length: 10 }, (_, i) => record('a', `${i}`)),
    );
    const admin = kafkaClient({ brokers: kafka().brokers, clientId: 'spec' }).admin();
    await admin.connect();
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '3' }] });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] });
    await admin.disconnect();
    const assigned: (Committed | undefined)[] = [];
    const values: string[] = [];
    await log.consume({
      topic,
      group,
      async onAssigned(_topic, _partition, committed) {
        assigned.push(committed);
      },
      async onBatch(batch) {
        values.push(...batch.records.map(({ value }) => value.toString()));
      },
    });
    await until(() => values.length === 4);
    expect(assigned).toEqual([undefined]);
    expect(values).toEqual(['6', '7', '8', '9']);
    expect(await log.read(topic, { partition: 0, offset: 0n }, 2)).toHaveLength(2);
  }, 60_000);

  it('says that one broker is durable only while it syncs every append', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 1 });
    expect(await log.durability(topic)).toMatchObject({ durable: true });
    const admin = kafkaClient({ brokers: kafka().brokers, clientId: 'spec' }).admin();
    await admin.connect();
    const loose = `t.${randomUUID()}`;
    await admin.createTopics({
      topics: [{ topic: loose, numPartitions: 1, configEntries: [{ name: 'flush.messages', value: '1000' }] }],
    });
    await admin.disconnect();
    expect(await log.durability(loose)).toMatchObject({
      durable: false,
      detail: expect.stringContaining('flush.messages=1'),
    });
    expect(await log.retention(topic)).toEqual({ ms: 7 * 86_400_000, slackMs: 86_400_000, bytes: Infinity });
  }, 60_000);

  it('goes on with the other partitions while one is tried again', async () => {
    const log = await open();
    await log.ensureTopic(topic, { partitions: 2 });
    await log.append(
      topic,
      Array.from({ length: 20 }, (_, i) => record(`${i}`)),
    );
    let failing = true;
    const failures: string[] = [];
    const seen = new Map<number, number>();
    await log.consume({
      topic,
      group,
      maxBatchRecords: 2,
      async onBatch({ partition, records }) {
        if (partition === 0 && failing) throw new Error('not yet');
        seen.set(partition, (seen.get(partition) ?? 0) + records.length);
      },
      onError: (error) => failures.push(error.message),
    });
    const inOne = (await log.ranges(topic))[1]!.next;
    await until(() => seen.get(1) === Number(inOne) && failures.length >= 3);
    expect(seen.has(0)).toBe(false);
    failing = false;
    await until(() => seen.get(0) === 20 - Number(inOne));
    expect(new Set(failures)).toEqual(new Set(['not yet']));
  }, 60_000);
});

describe('The Kafka log without a broker', () => {
  it('says that it is unavailable, and that trying again may help', async () => {
    await expect(
      KafkaEventLog.open({ brokers: ['127.0.0.1:1'], clientId: 'spec', clock, random: Math.random }),
    ).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
  }, 30_000);
});
