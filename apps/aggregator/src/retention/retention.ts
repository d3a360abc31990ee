import type { ClickHouse } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, decodeHeaders, EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog, LogRecord } from '#libs/event-log';
import { alperfCommand, type Logger } from '#libs/operations';
import { within, type Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import { HeldClock, readWatched, watchedText } from './held-clock.js';
import { dropBefore, expired, KEPT, rawFromAt } from './keep.js';
import type { RetentionTelemetry } from './retention-telemetry.js';

export interface RetentionOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
  /** How long before its accept time an event may lie, ms; raw events are kept a day longer. */
  readonly latenessMs: number;
  /** How long the clock must have shown a time before anything is dropped by it, ms of run time over all processes. */
  readonly holdMs: number;
}

export const DEFAULT_RETENTION: RetentionOptions = {
  intervalMs: 600_000,
  latenessMs: 48 * 3_600_000,
  holdMs: 6 * 3_600_000,
};

/** How long stopping waits for what it writes down; less run time is known otherwise, no more. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Drops time partitions that are old enough, hold no open mark, and that no record still to come can touch. `raw_from`
 * advances first: from then on inserts and reads leave out what is older. Whoever has partition 0 does it.
 *
 * Dropping cannot be undone, so that no single clock is trusted with it. "Old" counts from the least of: the clock, as
 * far as it has held; the newest accept time that is known; the accept time of the first record of each partition that
 * is not committed. Where nothing comes nothing is dropped, and the first event after a long silence lets the rest go.
 */
export class Retention {
  readonly #rounds: Rounds;
  #held: HeldClock | undefined;

  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly eventLog: EventLog,
    private readonly store: AggregatorStore,
    private readonly assignments: Assignments,
    private readonly clock: Clock,
    private readonly telemetry: RetentionTelemetry,
    private readonly log: Logger,
    private readonly options: RetentionOptions,
  ) {
    this.#rounds = new Rounds(clock, options.intervalMs, () => this.#drop());
  }

  /** The first round is at once: watching the clock begins with it. */
  start(): void {
    this.#rounds.start();
    void this.run();
  }

  /** Writes down how long it has run since its last round. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
    if (this.#held === undefined) return;
    this.#held.look(this.clock.now(), this.clock.monotonic());
    await within(this.clock, STOP_TIMEOUT_MS, this.#writeClock(this.#held)).catch((error: unknown) => {
      this.log.debug('How long retention watched the clock was not written down.', { reason: reasonOf(error) });
    });
  }

  /** One round. Concurrent callers share it. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  async #drop(): Promise<void> {
    try {
      // Every time, so that whoever takes partition 0 over has watched the clock as well.
      const held = await this.#heldClock();
      const clockMs = this.#trustedClock(held);
      await this.#writeClock(held);
      if (this.assignments.get(0) === undefined) return;
      await this.#healRawFrom();
      if (clockMs === undefined) return;
      const now = Math.min(clockMs, await this.store.newestAccept(), ...(await this.#unread()));
      const openMarks = await this.store.openBuckets();
      const rawFrom = rawFromAt(now, this.options.latenessMs);
      if (rawFrom > (await this.store.rawFrom()) && openMarks.every((end) => end > rawFrom))
        await this.store.advanceRawFrom(rawFrom);
      const givenUp = await this.store.rawFrom();
      for (const kept of KEPT) {
        const names = await this.store.partitionsOf(kept.table);
        for (const partition of expired(kept, names, dropBefore(kept, now, givenUp), openMarks)) {
          await this.clickhouse.command(`ALTER TABLE ${kept.table} DROP PARTITION ${partitionLiteral(partition)}`);
          this.log.info('Partition dropped; it is older than its table keeps.', { table: kept.table, partition });
        }
      }
    } catch (error) {
      this.log.warn('Retention failed; it is tried again.', {
        reason: reasonOf(error),
      });
    }
  }

  async #heldClock(): Promise<HeldClock> {
    if (this.#held !== undefined) return this.#held;
    const text = await this.store.retentionClock();
    return (this.#held = new HeldClock(this.options.holdMs, text === undefined ? undefined : readWatched(text)));
  }

  /** Each aggregator does: what one has watched is as good as what another has, since none trusts more than its own clock shows. */
  #writeClock(held: HeldClock): Promise<void> {
    return this.store.writeRetentionClock(watchedText(held.watched));
  }

  #trustedClock(held: HeldClock): number | undefined {
    const now = this.clock.now();
    const { trustedMs, jumpedMs } = held.look(now, this.clock.monotonic());
    this.telemetry.looked((now - (trustedMs ?? now)) / 1_000);
    if (jumpedMs > 0) {
      this.telemetry.jumped();
      this.log.error(
        'The clock went forward by more than the time that passed. Nothing is dropped by it until it has held; when the machine did not sleep, set its clock right before.',
        { jumpedHours: Math.round(jumpedMs / 36_000) / 100, holdHours: this.options.holdMs / 3_600_000 },
      );
    }
    return trustedMs;
  }

  /**
   * A `raw_from` after everything that was ever accepted or counted was set by a wrong clock, and would turn every event away until
   * that time has come. What may have been dropped by it stays given up: no bucket is counted anew from a part of it.
   */
  async #healRawFrom(): Promise<void> {
    const rawFrom = await this.store.rawFrom();
    if (rawFrom <= (await this.store.newestAccept())) return;
    const newestBucket = await this.store.newestBucket();
    if (rawFrom <= newestBucket) return;
    await this.store.healRawFrom(newestBucket);
    this.log.error(
      `raw_from lay after all that was counted, and was taken back. Events that came meanwhile are dead letters (too_late): replay them with "${alperfCommand('dead-letters replay --cause too_late')}".`,
      { was: new Date(rawFrom).toISOString(), is: new Date(newestBucket).toISOString() },
    );
  }

  /** When the first record of each partition that is not committed yet was accepted, whoever reads it, ms since 1970. */
  async #unread(): Promise<number[]> {
    const [ranges, committed] = await Promise.all([
      this.eventLog.ranges(EVENTS_TOPIC),
      this.eventLog.committed(EVENTS_TOPIC, AGGREGATOR_GROUP),
    ]);
    const times: number[] = [];
    for (const { partition, earliest, next } of ranges) {
      const read = committed.find((one) => one.partition === partition)?.offset ?? earliest;
      const offset = read > earliest ? read : earliest;
      if (offset >= next) continue;
      const [record] = await this.eventLog.read(EVENTS_TOPIC, { partition, offset }, 1);
      times.push(record === undefined ? 0 : acceptedAt(record));
    }
    return times;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What cannot be read is dated by the log. */
function acceptedAt(record: LogRecord): number {
  try {
    return decodeHeaders(record.headers).acceptedAt;
  } catch {
    return record.appendedAt;
  }
}

/** A day is a date in quotes, a month or a year a number; nothing else is dropped. */
function partitionLiteral(name: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(name)) return `'${name}'`;
  if (/^\d{4}(\d{2})?$/.test(name)) return name;
  throw new Error(`Partition ${JSON.stringify(name)} has a name that no table of ours has.`);
}
