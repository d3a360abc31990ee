import { it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { SystemClock } from '#libs/time';
import type { EventLog, NewRecord } from '../event-log.js';

/** One log to be tested, and how to treat it. */
export interface EventLogHarness {
  /** Opens the log under test. The suite closes it. */
  open(): Promise<EventLog>;
  /** Opens the same log again after `open`'s was closed, with all it held. Left out: `open` does that. */
  reopen?(): Promise<EventLog>;
  /** A topic name not used before. Default: a new random one. */
  freshTopic?(): string;
  /** Makes the group's commits vanish, as an expiry does; the group has no consumer then. */
  forgetCommits(log: EventLog, topic: string, group: string): Promise<void>;
  /** Largest value that the log must take in a record with a short key and no headers; one of twice the size is too large. */
  readonly maxValueBytes: number;
  /** Ends what `open` does not end: directories, clients. */
  dispose?(): Promise<void>;
  /** Longest that a test may take, ms. Default 60,000: rebalances of a real broker take seconds. */
  readonly timeoutMs?: number;
}

/** What a contract test works with. */
export interface Subject {
  readonly log: EventLog;
  readonly harness: EventLogHarness;
  readonly topic: string;
  readonly group: string;
  /** Closes the log and opens it again. */
  reopen(): Promise<EventLog>;
}

export type ContractRun = (name: string, test: (subject: Subject) => Promise<void>) => void;

const MAX_TIMEOUT_MS = 120_000;

export function contractRun(makeHarness: () => EventLogHarness | Promise<EventLogHarness>): ContractRun {
  return (name, test) =>
    it(
      name,
      async () => {
        const harness = await makeHarness();
        let log = await harness.open();
        const over = new AbortController();
        try {
          const limit = harness.timeoutMs ?? 60_000;
          const late = new SystemClock().sleep(limit, over.signal).then(
            () => Promise.reject(new Error(`Not done after ${limit} ms.`)),
            () => undefined,
          );
          const done = test({
            log,
            harness,
            topic: harness.freshTopic?.() ?? `t-${randomUUID()}`,
            group: `g-${randomUUID()}`,
            async reopen() {
              await log.close();
              log = await (harness.reopen?.() ?? harness.open());
              return log;
            },
          });
          await Promise.race([done, late]);
        } finally {
          over.abort();
          await log.close();
          await harness.dispose?.();
        }
      },
      MAX_TIMEOUT_MS,
    );
}

/** Waits until the condition holds; the test's own limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const clock = new SystemClock();
  while (!(await condition())) await clock.sleep(10);
}

export function aRecord(
  key: string,
  value: string | Uint8Array = key,
  headers: Record<string, string> = {},
): NewRecord {
  return { key, value: typeof value === 'string' ? new TextEncoder().encode(value) : value, headers };
}

export function textOf({ value }: { value: Uint8Array }): string {
  return new TextDecoder().decode(value);
}

/** `count` keys each of which goes to another partition than the ones before: found by appending. */
export async function keyPerPartition(log: EventLog, topic: string, partitions: number): Promise<string[]> {
  const keys: string[] = [];
  for (let tried = 0; keys.filter((key) => key !== undefined).length < partitions; tried++) {
    const key = `key-${tried}`;
    const [position] = await log.append(topic, [aRecord(key, 'first')]);
    keys[position!.partition] ??= key;
  }
  return keys;
}
