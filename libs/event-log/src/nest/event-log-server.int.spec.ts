import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Module, UseFilters, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { SystemClock } from '#libs/time';
import { describeWithKafka } from '#test/support';
import { EventLogError } from '../errors.js';
import type { EventLog, RecordBatch } from '../event-log.js';
import { EventLogContext } from './event-log-context.js';
import { EventLogServer } from './event-log-server.js';
import { KeepErrorFilter } from './keep-error.filter.js';

const TOPIC = `nest.${randomUUID()}`;
const clock = new SystemClock();
const record = (text: string) => ({ key: 'a', value: Buffer.from(text), headers: {} });

/** What the handler did and should do; a fresh one for each test. */
let calls: { values: string[]; group: string }[];
let behave: (batch: RecordBatch) => Promise<void>;

@Controller()
@UseFilters(KeepErrorFilter)
class Recorder {
  @EventPattern<string>(TOPIC)
  async handle(@Payload() batch: RecordBatch, @Ctx() context: EventLogContext): Promise<void> {
    calls.push({ values: batch.records.map(({ value }) => Buffer.from(value).toString()), group: context.group });
    await behave(batch);
  }
}

@Module({ controllers: [Recorder] })
class RecorderModule {}

@Controller()
class Answerer {
  @MessagePattern('asked')
  answer(): string {
    return 'no';
  }
}

@Module({ controllers: [Answerer] })
class AnswererModule {}

function microserviceOver(open: () => Promise<EventLog>): void {
  let log: EventLog;
  let app: INestMicroservice;
  let group: string;
  let errors: Error[];
  let told: string[];

  beforeEach(async () => {
    log = await open();
    await log.ensureTopic(TOPIC, { partitions: 1 });
    calls = [];
    errors = [];
    told = [];
    group = `g.${randomUUID()}`;
  });
  afterEach(async () => {
    await app.close();
    await log.close();
  });

  const start = async () => {
    const strategy = new EventLogServer({
      log,
      group,
      hooks: {
        onAssigned: async (_topic, partition, committed) => {
          told.push(`assigned ${partition} ${committed?.metadata ?? 'anew'}`);
        },
        onRevoked: async (_topic, partition) => {
          told.push(`revoked ${partition}`);
        },
        onError: (error) => errors.push(error),
      },
    });
    app = await NestFactory.createMicroservice(RecorderModule, { strategy, logger: false });
    await app.listen();
  };

  it('delivers batches to the handler of the topic, again after a failure, and goes on from its commit', async () => {
    const done = Promise.withResolvers<void>();
    let failures = 0;
    behave = async (batch) => {
      if (failures++ < 2) throw new EventLogError('LOG_UNAVAILABLE', 'not yet', true);
      await batch.commit(batch.records.at(-1)!.offset + 1n, 'mark');
      done.resolve();
    };
    const [position] = await log.append(TOPIC, [record('one'), record('two')]);
    await start();
    await done.promise;
    expect(calls.map(({ values }) => values.slice(-2))).toEqual(Array.from({ length: 3 }, () => ['one', 'two']));
    expect(new Set(calls.map(({ group }) => group))).toEqual(new Set([group]));
    expect(errors).toMatchObject([
      { code: 'LOG_UNAVAILABLE', message: 'not yet' },
      { code: 'LOG_UNAVAILABLE', message: 'not yet' },
    ]);
    expect(await log.committed(TOPIC, group)).toEqual([
      { partition: 0, offset: position!.offset + 2n, metadata: 'mark' },
    ]);
    await app.close();
    expect(told).toEqual(['assigned 0 anew', 'revoked 0']);
    await start();
    while (told.length < 3) await clock.sleep(10);
    expect(told).toEqual(['assigned 0 anew', 'revoked 0', 'assigned 0 mark']);
  }, 60_000);

  it('waits for a running handler when it closes, and tells it to stop', async () => {
    const running = Promise.withResolvers<void>();
    let ended = false;
    behave = async ({ signal }) => {
      running.resolve();
      await clock.sleep(60_000, signal).catch(() => undefined);
      ended = true;
    };
    await log.append(TOPIC, [record('one')]);
    await start();
    await running.promise;
    await app.close();
    expect(ended).toBe(true);
  }, 60_000);

  it('refuses a handler that wants to answer', async () => {
    behave = async () => undefined;
    const strategy = new EventLogServer({ log, group });
    app = await NestFactory.createMicroservice(AnswererModule, { strategy, logger: false });
    await expect(app.listen()).rejects.toMatchObject({ code: 'LOG_MISCONFIGURED' });
  }, 60_000);
}

describe('A Nest microservice over the embedded log', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'alperf-nest-'));
  });
  afterEach(async () => {
    await rm(path, { recursive: true, force: true });
  });
  microserviceOver(() => EmbeddedEventLog.open({ path, clock, random: Math.random }));
});

describeWithKafka('A Nest microservice over Kafka', (kafka) => {
  microserviceOver(() =>
    KafkaEventLog.open({
      brokers: kafka().brokers,
      clientId: 'spec',
      clock,
      random: Math.random,
      sessionTimeoutMs: 2_000,
    }),
  );
});
