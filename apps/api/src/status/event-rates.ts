import type { PipelineStatus } from '#libs/contracts';
import type { InsertedTotals } from './inserted-totals.js';
import { RateMeter } from './rate-meter.js';

/** Totals that grow: records in the log, how many of them are committed, and what is in ClickHouse. */
export interface Flow {
  readonly appended: number;
  readonly committed: number;
  readonly inserted: InsertedTotals;
}

/**
 * Rates out of totals. What was inserted is known to the event. How many events a record holds is known once it is in:
 * one that waits is taken to be of the mean of those that came in within the window, or, when none did, of those before.
 * So where nothing waits, as much was accepted as was inserted. Pure: time is handed in, monotonic milliseconds.
 */
export class EventRates {
  readonly #appended: RateMeter;
  readonly #committed: RateMeter;
  /** At the times at which ClickHouse was read, so that sizes go with the records that have them. */
  readonly #appendedThen: RateMeter;
  readonly #records: RateMeter;
  readonly #events: RateMeter;
  #readAt: number | undefined;
  #acceptedPerSecond = 0;
  #eventsPerSecond = 0;
  #eventsPerRecord = 0;

  constructor(windowMs: number) {
    this.#appended = new RateMeter(windowMs);
    this.#committed = new RateMeter(windowMs);
    this.#appendedThen = new RateMeter(windowMs);
    this.#records = new RateMeter(windowMs);
    this.#events = new RateMeter(windowMs);
  }

  add(at: number, { appended, committed, inserted }: Flow): NonNullable<PipelineStatus['rates']> {
    const recordsPerSecond = this.#appended.add(at, appended);
    const committedPerSecond = this.#committed.add(at, committed);
    if (inserted.at !== this.#readAt) this.#take(inserted, appended);
    // A reading of ClickHouse that fails leaves the last one; the log tells that nothing is inserted any more.
    const stands = committedPerSecond === 0;
    return {
      recordsPerSecond: tenths(recordsPerSecond),
      acceptedPerSecond: tenths(stands ? recordsPerSecond * this.#eventsPerRecord : this.#acceptedPerSecond),
      insertedPerSecond: stands ? 0 : tenths(this.#eventsPerSecond),
    };
  }

  /** By the time of the reading: it may be older than the look that it is used for. */
  #take({ at, records, events }: InsertedTotals, appended: number): void {
    const recordsPerSecond = this.#records.add(at, records);
    this.#eventsPerSecond = this.#events.add(at, events);
    if (recordsPerSecond > 0) this.#eventsPerRecord = this.#eventsPerSecond / recordsPerSecond;
    else if (this.#readAt === undefined && records > 0) this.#eventsPerRecord = events / records;
    this.#acceptedPerSecond = this.#appendedThen.add(at, appended) * this.#eventsPerRecord;
    this.#readAt = at;
  }
}

const tenths = (value: number) => Math.round(value * 10) / 10;
