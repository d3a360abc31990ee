import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Kafka, Producer, Transaction } from 'kafkajs';
import { kafkaClient, KafkaReader } from '#libs/event-log/kafka';
import { SystemClock } from '#libs/time';
import { describeWithKafka, type KafkaBroker } from '#test/support';
import { FencedError } from '../errors.js';
import { KafkaStateStore } from './kafka-state-store.js';
import { KafkaStateWriter } from './kafka-state-writer.js';
import { StateView } from './state-view.js';

const clock = new SystemClock();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

function stores(kafka: () => KafkaBroker) {
  const opened: KafkaStateStore[] = [];
  let topic = '';
  beforeEach(() => {
    topic = `s.${randomUUID()}`;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  return {
    topic: () => topic,
    open: async (timeoutMs = 15_000) => {
      const options = { brokers: kafka().brokers, clientId: 'spec', topic, clock, random: Math.random, timeoutMs };
      const store = await KafkaStateStore.open(options);
      opened.push(store);
      return store;
    },
  };
}

describeWithKafka('The state store on a compacted Kafka topic', (kafka) => {
  const { open, topic } = stores(kafka);

  it('shows another store every write as soon as it is acknowledged', async () => {
    const [first, second] = [await open(), await open()];
    const writer = await first.open('scope');
    for (let i = 0; i < 50; i++) {
      const version = await writer.put('key', bytes(String(i)));
      expect(await second.get('scope', 'key')).toEqual({ value: bytes(String(i)), version });
    }
    expect(await writer.delete('key')).toBe(true);
    expect(await second.get('scope', 'key')).toBeUndefined();
  }, 60_000);

  it('lets only the latest of two writers write, and tells the other one', async () => {
    const [first, second] = [await open(), await open()];
    const old = await first.open('scope');
    const { ok } = await old.compareAndSet('key', undefined, bytes('old'));
    expect(ok).toBe(true);
    const current = await second.open('scope');
    expect(current.epoch).toBeGreaterThan(old.epoch);
    for (const attempt of [
      () => old.put('key', bytes('late')),
      () => old.compareAndSet('key', undefined, bytes('late')),
      () => old.delete('key'),
      () => old.putAll([{ key: 'key', value: bytes('late') }]),
    ])
      await expect(attempt()).rejects.toBeInstanceOf(FencedError);
    expect(text((await second.get('scope', 'key'))?.value)).toBe('old');
    expect(await current.put('key', bytes('new'))).toEqual(expect.any(BigInt));
  }, 60_000);

  it('ends with one writer that works, and all others fenced, when many open a scope at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    const opened = await Promise.allSettled(all.map((store) => store.open('scope')));
    const writers = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(new Set(writers.map(({ epoch }) => epoch)).size).toBe(writers.length);
    const writes = await Promise.allSettled(writers.map((writer) => writer.put('key', bytes(String(writer.epoch)))));
    expect(writes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of writes) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(FencedError);
    const highest = writers.reduce((a, b) => (a.epoch > b.epoch ? a : b));
    expect(text((await all[0]!.get('scope', 'key'))?.value)).toBe(String(highest.epoch));
  }, 60_000);

  it('does not show what an aborted transaction wrote, nor stop at it', async () => {
    const store = await open();
    const writer = await store.open('scope');
    await writer.put('a', bytes('1'));
    const producer = kafkaClient({ brokers: kafka().brokers, clientId: 'spec' }).producer({
      idempotent: true,
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: topic(), messages: [{ key: 'entry\nscope\na', value: 'never', partition: 0 }] });
    await transaction.abort();
    await producer.disconnect();
    expect(text((await store.get('scope', 'a'))?.value)).toBe('1');
    await writer.put('b', bytes('2'));
    expect((await (await open()).list('scope')).map(({ key, value }) => [key, text(value)])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  }, 60_000);

  it('refuses a topic that would forget', async () => {
    const admin = kafkaClient({ brokers: kafka().brokers, clientId: 'spec' }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: topic(), numPartitions: 1 }] });
    await admin.disconnect();
    await expect(open()).rejects.toMatchObject({
      code: 'STATE_MISCONFIGURED',
      message: expect.stringContaining('cleanup.policy=delete'),
    });
  }, 60_000);
});

/** A client whose next commit gets no answer, and whose next producers cannot connect: what a broker that dies looks like. */
function losesAnswers(kafka: Kafka) {
  const faults = { commit: 'answered' as 'answered' | 'committed' | 'lost', refusedConnections: 0 };
  const producer: Kafka['producer'] = (config) => {
    const real: Producer = kafka.producer(config);
    return {
      ...real,
      connect: async () => {
        if (faults.refusedConnections-- > 0) throw new Error('connection refused');
        return real.connect();
      },
      transaction: async () => {
        const transaction: Transaction = await real.transaction();
        const commit = async () => {
          const fault = faults.commit;
          faults.commit = 'answered';
          if (fault !== 'lost') await transaction.commit();
          if (fault !== 'answered') throw new Error('connection lost');
        };
        return { ...transaction, commit };
      },
    };
  };
  return { faults, kafka: { producer } };
}

describeWithKafka('A writer that gets no answer to its commit', (kafka) => {
  const { open, topic } = stores(kafka);

  it.each([
    { commit: 'committed', refusedConnections: 0 },
    { commit: 'committed', refusedConnections: 2 },
    { commit: 'lost', refusedConnections: 0 },
    { commit: 'lost', refusedConnections: 2 },
  ] as const)(
    'writes once, and says so ($commit, $refusedConnections refused connections)',
    async (fault) => {
      const reading = await open();
      const client = kafkaClient({ brokers: kafka().brokers, clientId: 'spec' });
      const { faults, kafka: lossy } = losesAnswers(client);
      const reader = new KafkaReader(client);
      const view = new StateView(reader, topic(), clock, 15_000);
      const context = { kafka: lossy, view, topic: topic(), clock, random: Math.random, timeoutMs: 15_000 };
      const writer = await KafkaStateWriter.open('scope', context);
      try {
        const first = await writer.put('key', bytes('1'));
        Object.assign(faults, fault);
        // Whoever reads meanwhile moves the view past the record before the writer learns of its failure.
        const [second] = await Promise.all([writer.compareAndSet('key', first, bytes('2')), view.catchUp()]);
        expect(second).toEqual({ ok: true, version: expect.any(BigInt) });
        expect(await reading.get('scope', 'key')).toEqual({
          value: bytes('2'),
          version: (second as { version: bigint }).version,
        });
        Object.assign(faults, fault);
        expect(await writer.delete('key')).toBe(true);
        expect(await reading.get('scope', 'key')).toBeUndefined();
      } finally {
        await writer.close();
        await reader.close();
      }
    },
    60_000,
  );
});

describeWithKafka(
  'The state store on a broker that is killed',
  (kafka) => {
    const { open } = stores(kafka);

    it('says so in time while the broker is silent, and goes on when it answers again', async () => {
      const store = await open(1_500);
      const writer = await store.open('scope');
      await writer.put('key', bytes('1'));
      await kafka().pause();
      try {
        const started = clock.monotonic();
        const away = { code: 'STATE_UNAVAILABLE', retriable: true };
        await expect(store.get('scope', 'key')).rejects.toMatchObject(away);
        await expect(store.list('scope')).rejects.toMatchObject(away);
        expect(clock.monotonic() - started).toBeLessThan(10_000);
      } finally {
        await kafka().resume();
      }
      let found: unknown;
      while (found === undefined) found = await store.get('scope', 'key').catch(() => undefined);
      expect(found).toMatchObject({ value: bytes('1') });
    }, 60_000);

    it('keeps every write it acknowledged, and counts none twice', async () => {
      const store = await open(60_000);
      const writer = await store.open('counter');
      let version: bigint | undefined;
      let count = 0;
      const over = new AbortController();
      const kills = (async () => {
        for (let i = 0; i < 3; i++) {
          await clock.sleep(400);
          await kafka().kill9();
          await kafka().restart();
        }
      })().finally(() => over.abort());
      const writes = (async () => {
        while (!over.signal.aborted || count < 100) {
          const result = await writer.compareAndSet('n', version, bytes(String(count + 1)));
          // This is the only writer: every compare-and-set must find what the one before wrote, or be told it failed.
          if (!result.ok) throw new Error(`Conflict after ${count}: ${text(result.conflict?.value)}`);
          version = result.version;
          count += 1;
        }
      })();
      // Both to their ends, whatever becomes of one: a restart must not outlive the test and its broker.
      for (const ended of await Promise.allSettled([kills, writes]))
        if (ended.status === 'rejected') throw ended.reason;
      const fresh = await open();
      expect(await fresh.get('counter', 'n')).toEqual({ value: bytes(String(count)), version });
    }, 180_000);
  },
  { own: true },
);
