import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { Committed, EventLog, PartitionRange } from '#libs/event-log';
import type { Clock, Timer } from '#libs/time';

/** Says why nothing more may be appended for now, or undefined. Also the DI token. */
export abstract class LagCheck {
  abstract problem(): string | undefined;
}

/** For a log that keeps what is not read by itself, as the embedded one does. */
export class NoLagCheck extends LagCheck {
  problem(): undefined {
    return undefined;
  }
}

/** The share of what the log holds that must still lie between its cut and the slowest reader. */
const MIN_MARGIN = 0.1;

/**
 * Whether the aggregators are so far behind that the log may soon cut what they have not read: the log is being cut
 * (its earliest offset has moved), and what is committed lies within the oldest tenth of what it holds. Pure.
 */
export function nearRetention(ranges: readonly PartitionRange[], committed: readonly Committed[]): string | undefined {
  for (const { partition, earliest, next } of ranges) {
    const read = committed.find((one) => one.partition === partition)?.offset ?? 0n;
    if (earliest === 0n || read >= next) continue;
    const margin = Number(read - earliest) / Number(next - earliest);
    if (margin < MIN_MARGIN)
      return `Partition ${partition} has ${next - read} records unread, and the log is cutting close behind them.`;
  }
  return undefined;
}

/** Asks the log every so often, so that a request costs nothing. Keeps its last answer when the log does not answer. */
export class PeriodicLagCheck extends LagCheck {
  #problem: string | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly everyMs = 5_000,
  ) {
    super();
  }

  /** Asks for the first time, then goes on by itself. */
  async start(): Promise<void> {
    await this.#ask();
  }

  problem(): string | undefined {
    return this.#problem;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    try {
      const [ranges, committed] = await Promise.all([
        this.log.ranges(EVENTS_TOPIC),
        this.log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP),
      ]);
      this.#problem = nearRetention(ranges, committed);
    } catch {
      // The log's own failure shows at the next append.
    }
    if (!this.#closed) this.#timer = this.clock.setTimer(() => void this.#ask(), this.everyMs, { unref: true });
  }
}
