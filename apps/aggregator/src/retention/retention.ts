import type { ClickHouse } from '#libs/clickhouse';
import type { Column } from '#libs/contracts';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import { expired, KEPT, rawFromAt } from './keep.js';

export interface RetentionOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
}

export const DEFAULT_RETENTION: RetentionOptions = { intervalMs: 600_000 };

/** How far behind now everything committed must be past before raw events of a day may go: the lateness allowed. */
const LATENESS_MS = 48 * 3_600_000;

/**
 * Drops time partitions that are old enough, hold no open mark, and that no record still to come can touch. `raw_from`
 * advances first: from then on inserts and reads leave out what is older. Whoever has partition 0 does it.
 */
export class Retention {
  readonly #rounds: Rounds;

  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly store: AggregatorStore,
    private readonly assignments: Assignments,
    private readonly clock: Clock,
    private readonly log: Logger,
    options: RetentionOptions,
  ) {
    this.#rounds = new Rounds(clock, options.intervalMs, () => this.#drop());
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One round. Concurrent callers share it. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  async #drop(): Promise<void> {
    try {
      if (this.assignments.get(0) === undefined) return;
      const now = this.clock.now();
      const { watermarks, openMarks } = await this.store.retentionFacts();
      const rawFrom = rawFromAt(now);
      // A partition of the log that is behind may still bring events of those days.
      const behind = watermarks.some((watermark) => watermark < rawFrom + LATENESS_MS);
      if (!behind && openMarks.every((end) => end > rawFrom) && rawFrom > (await this.store.rawFrom()))
        await this.#setRawFrom(rawFrom);
      const kept = await this.store.rawFrom();
      for (const table of KEPT) {
        const limit = table.keepMs === KEPT[0]!.keepMs ? Math.min(now, kept + table.keepMs) : now;
        for (const partition of expired(table, await this.store.partitionsOf(table.table), limit, openMarks)) {
          await this.clickhouse.command(`ALTER TABLE ${table.table} DROP PARTITION ${partitionLiteral(partition)}`);
          this.log.info('Partition dropped; it is older than its table keeps.', { table: table.table, partition });
        }
      }
    } catch (error) {
      this.log.warn('Retention failed; it is tried again.', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #setRawFrom(rawFromMs: number): Promise<void> {
    const columns: readonly Column<number>[] = [
      { name: 'name', type: 'String', value: () => 'raw_from' },
      { name: 'value', type: 'String', value: (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ') },
      { name: 'revision', type: 'UInt64', value: (ms) => ms },
    ];
    return this.clickhouse.insertRows('meta', columns, [rawFromMs]);
  }
}

/** A day is a date in quotes, a month or a year a number; nothing else is dropped. */
function partitionLiteral(name: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(name)) return `'${name}'`;
  if (/^\d{4}(\d{2})?$/.test(name)) return name;
  throw new Error(`Partition ${JSON.stringify(name)} has a name that no table of ours has.`);
}
