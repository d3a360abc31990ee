import type * as Jest from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { noteOf, startKafka, type KafkaBroker, type KafkaOptions } from './broker.js';
import { mayHaveDocker } from './container.js';
import { isAlive, KafkaMissingError, kafkaMissing } from './jars.js';

// Jest's own names as globals: importing '@jest/globals' fails outside of Jest, where benches use the broker too.
const jest = globalThis as unknown as typeof Jest;
const START_TIMEOUT_MS = 240_000;

export interface DescribeOptions extends KafkaOptions {
  /** Start a broker for these tests alone: they kill it, or need settings of their own. Default: one per test process. */
  readonly own?: boolean;
}

/**
 * `describe` with a real broker: without Docker, a missing Java or Maven fails in CI (`CI=true` or `ALPERF_REQUIRE_ALL=1`);
 * elsewhere it leaves a skipped test whose name says why, and what to install.
 */
export function describeWithKafka(
  name: string,
  tests: (kafka: () => KafkaBroker) => void,
  options: DescribeOptions = {},
): void {
  // Where Docker then does not answer, the start says what is missing.
  const missing = mayHaveDocker() ? undefined : kafkaMissing();
  jest.describe(name, () => {
    if (missing !== undefined) return standIn(missing);
    let broker: KafkaBroker | undefined;
    jest.beforeAll(async () => {
      broker = options.own === true ? await startKafka(options) : await sharedKafka();
    }, START_TIMEOUT_MS);
    jest.afterAll(async () => {
      if (options.own === true) await broker?.stop();
    }, 30_000);
    tests(() => {
      if (broker === undefined) throw new Error('The broker is there only while tests run.');
      return broker;
    });
  });
}

function standIn(missing: string): void {
  if (process.env['CI'] === 'true' || process.env['ALPERF_REQUIRE_ALL'] === '1')
    jest.it('runs against a real Kafka broker', () => {
      throw new KafkaMissingError(missing);
    });
  else jest.it.skip(`needs a real Kafka broker: ${missing}`, () => undefined);
}

/**
 * The broker of this test process: a start costs 7 s, so the test files that one process runs one after another share it.
 * Give topics and groups names of your own (`randomUUID`). It ends with the process.
 */
export async function sharedKafka(): Promise<KafkaBroker> {
  // Each test file has its own modules and globals; what they share is the process id.
  const note = noteOf(process.pid);
  if (existsSync(note)) {
    const { brokers, pid } = JSON.parse(readFileSync(note, 'utf8')) as { brokers: string[]; pid: number };
    if (isAlive(pid)) return shared(brokers, pid);
  }
  const { brokers, pid } = await startKafka();
  await untilGroupsCanBeJoined(brokers);
  writeFileSync(note, JSON.stringify({ brokers, pid }));
  return shared(brokers, pid);
}

/** A new broker has its topic of commits made by the first group: which test file comes first must not matter. */
async function untilGroupsCanBeJoined(brokers: string[]): Promise<void> {
  const admin = new Kafka({ brokers, clientId: 'first-group', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    while (
      !(await admin.describeGroups(['first-group']).then(
        () => true,
        () => false,
      ))
    )
      await sleep(50);
  } finally {
    await admin.disconnect();
  }
}

function shared(brokers: string[], pid: number): KafkaBroker {
  const refuse = (): never => {
    throw new Error('This broker serves other tests too: ask for one of your own with { own: true }.');
  };
  return { brokers, pid, stop: async () => undefined, kill9: refuse, restart: refuse, pause: refuse, resume: refuse };
}
