import { afterEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { EventLogError } from '../errors.js';
import { KafkaEventLog } from './kafka-event-log.js';

const clock = new SystemClock();
const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await clock.sleep(20);
};

describeWithKafka(
  'The Kafka log on a broker that is killed',
  (kafka) => {
    const opened: KafkaEventLog[] = [];
    let enough = new AbortController();
    const open = async (deliveryTimeoutMs = 10_000, joinTimeoutMs = 60_000) => {
      const log = await KafkaEventLog.open({
        brokers: kafka().brokers,
        clientId: 'spec',
        clock,
        random: Math.random,
        sessionTimeoutMs: 2_000,
        deliveryTimeoutMs,
        joinTimeoutMs,
      });
      opened.push(log);
      return log;
    };
    afterEach(async () => {
      enough.abort();
      await Promise.all(opened.splice(0).map((log) => log.close()));
    });

    it('loses nothing that was acknowledged, and a consumer sees all of it once the broker is back', async () => {
      const log = await open();
      const topic = `t.${randomUUID()}`;
      const group = `g.${randomUUID()}`;
      await log.ensureTopic(topic, { partitions: 3 });
      const acknowledged = new Map<string, string>();
      const failures: unknown[] = [];
      enough = new AbortController();
      const producers = Array.from({ length: 8 }, async (_, producer) => {
        for (let i = 0; !enough.signal.aborted; i++) {
          const text = `${producer}-${i}`;
          // A log that is closed rejects at once: going on would starve the event loop, and fill the memory.
          if (failures.some((failure) => !(failure instanceof EventLogError && failure.retriable))) return;
          await log.append(topic, [{ key: `${producer}`, value: Buffer.from(text), headers: { ce: 'zstd' } }]).then(
            ([position]) => acknowledged.set(text, `${position!.partition}/${position!.offset}`),
            (error: unknown) => failures.push(error),
          );
        }
      });
      const seen = new Map<string, string>();
      const consumption = await log.consume({
        topic,
        group,
        async onBatch(batch) {
          for (const { partition, offset, value } of batch.records)
            seen.set(`${partition}/${offset}`, value.toString());
          await batch.commit(batch.records.at(-1)!.offset + 1n, 'm');
        },
      });
      for (let kill = 0; kill < 2; kill++) {
        const before = acknowledged.size;
        await until(() => acknowledged.size > before + 200);
        await kafka().kill9();
        await clock.sleep(kill * 3_000);
        await kafka().restart();
      }
      const before = acknowledged.size;
      await until(() => acknowledged.size > before + 200);
      enough.abort();
      await Promise.all(producers);
      await until(() => [...acknowledged.values()].every((position) => seen.has(position)));
      for (const [text, position] of acknowledged) expect(seen.get(position)).toBe(text);
      for (const failure of failures) expect(failure).toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
      expect(consumption.assigned).toEqual([0, 1, 2]);
      await until(async () => {
        const committed = await log.committed(topic, group);
        return (await log.ranges(topic)).every(
          ({ partition, next }) => next === 0n || committed.find((one) => one.partition === partition)?.offset === next,
        );
      });
    }, 180_000);

    it('joins a group once the broker is back, and tells each failure until then', async () => {
      const log = await open();
      const topic = `t.${randomUUID()}`;
      await log.ensureTopic(topic, { partitions: 2 });
      await kafka().kill9();
      const told: Error[] = [];
      const joining = log.consume({
        topic,
        group: `g.${randomUUID()}`,
        onBatch: async () => undefined,
        onError: (error) => told.push(error),
      });
      joining.catch(() => undefined);
      await Promise.race([joining, until(() => told.length > 0)]);
      await kafka().restart();
      const consumption = await joining;
      expect(consumption.assigned).toEqual([0, 1]);
      for (const failure of told) expect(failure).toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
    }, 120_000);

    it('gives up joining after the time for it, and at once when the topic does not exist', async () => {
      const log = await open();
      const told: Error[] = [];
      const handlers = { onBatch: async () => undefined, onError: (error: Error) => void told.push(error) };
      const missing = { topic: `t.${randomUUID()}`, group: `g.${randomUUID()}` };
      await expect(log.consume({ ...missing, ...handlers })).rejects.toMatchObject({ code: 'LOG_MISCONFIGURED' });
      expect(told).toEqual([]);
      const short = await open(10_000, 1_000);
      const topic = `t.${randomUUID()}`;
      await short.ensureTopic(topic, { partitions: 1 });
      await kafka().kill9();
      try {
        const joining = short.consume({ topic, group: `g.${randomUUID()}`, ...handlers });
        await expect(joining).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
        // Closing ends an attempt that is under way.
        const waiting = log.consume({ topic, group: `g.${randomUUID()}`, ...handlers });
        const outcome = expect(waiting).rejects.toMatchObject({ code: 'LOG_CLOSED', retriable: false });
        await log.close();
        await outcome;
      } finally {
        await kafka().restart();
      }
    }, 120_000);

    it('rejects an append, as one to be tried again, while the broker is silent', async () => {
      const log = await open(1_500);
      const topic = `t.${randomUUID()}`;
      await log.ensureTopic(topic, { partitions: 1 });
      const record = { key: 'a', value: Buffer.from('a'), headers: {} };
      await log.append(topic, [record]);
      await kafka().pause();
      try {
        await expect(log.append(topic, [record])).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
      } finally {
        await kafka().resume();
      }
      await until(() =>
        log.append(topic, [record]).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(EventLogError);
            return false;
          },
        ),
      );
    }, 60_000);

    // The last one: the broker does not come back. A restart that outlived its test has failed the next file.
    it('is a broker whose restart under way is given up when it is stopped', async () => {
      await kafka().kill9();
      const restarting = kafka().restart();
      await kafka().stop();
      await expect(restarting).rejects.toThrow('Kafka was stopped for good');
      await expect(kafka().restart()).rejects.toThrow('it cannot be started again');
    }, 60_000);
  },
  { own: true },
);
