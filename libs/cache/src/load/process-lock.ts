import { AWAY } from '../tier/far-tier.js';
import { LONGEST_TIMER_MS } from './deadlines.js';
import type { Flight } from './flight.js';
import type { Flights } from './flights.js';
import type { LoadsOptions } from './loading.js';

/** Pauses between two looks whether another process has loaded a key, ms. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/** Lets one process load a key at a time, through the nearest tier that has locks. */
export class ProcessLock<Key, Value> {
  constructor(
    private readonly options: LoadsOptions<Value>,
    private readonly flights: Flights<Key, Value>,
  ) {}

  /** Resolves with what ends the lock, having looked again whether the entry is there by now. */
  async take(flight: Flight<Key, Value>): Promise<(() => Promise<void>) | undefined> {
    const { stack, clock, random } = this.options;
    const { job } = flight;
    const far = stack.far.find(({ tier }) => tier.lock !== undefined);
    if (far === undefined || flight.settled || this.options.keepsNothing()) return undefined;
    const began = clock.now();
    const ttlMs = Math.min(job.hardMs, LONGEST_TIMER_MS);
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS)) {
      const unlock = await far.call(() => far.tier.lock!(flight.encoded, ttlMs));
      if (unlock === AWAY) return undefined;
      if (unlock !== undefined && job.over) {
        await unlock();
        return undefined;
      }
      await this.#lookAgain(flight, began);
      if (unlock !== undefined) return unlock;
      if (flight.settled) return undefined;
      await clock.sleep(pauseMs * (0.5 + random() / 2), job.signal);
    }
  }

  async #lookAgain(flight: Flight<Key, Value>, began: number): Promise<void> {
    const { found } = await this.options.stack.lookup(flight.encoded, flight.watch);
    if (found === undefined || flight.settled) return;
    // Another process has just done what was to be done.
    if (flight.forced && found.storedAt >= began && found.state === 'fresh')
      this.flights.land(flight, { value: found.value as Value, how: 'loaded', found });
    else this.flights.take(flight, found);
  }
}
