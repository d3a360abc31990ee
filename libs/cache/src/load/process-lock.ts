import { AWAY, type FarTier } from '../tier/far-tier.js';
import type { TierLock } from '../tier/tier.js';
import type { Flight } from './flight.js';
import type { Flights } from './flights.js';
import type { LoadsOptions } from './loading.js';

/** Pauses between two looks whether another process has loaded a key, ms. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/**
 * A lock lasts so long, ms, unless it is renewed: others wait no longer for a process that died. At most a quarter of the
 * time that a load has, so that whoever waited so has most of its own left.
 */
const LEASE_MS = 5_000;
const MOST_OF_A_LOAD = 1 / 4;
/** Renewed so often within a lease: a process that is busy for some of it keeps its lock. */
const RENEWALS = 3;

/**
 * Lets one process load a key at a time, through the nearest tier that has locks. The lock is a short lease, which whoever
 * holds it renews until its load is over, however long that takes.
 */
export class ProcessLock<Key, Value> {
  constructor(
    private readonly options: LoadsOptions<Value>,
    private readonly flights: Flights<Key, Value>,
  ) {}

  /**
   * Waits until this process has the lock, which then is ended by `job.unlock`, or until another one has brought the entry
   * in. Resolves having looked again whether it is there by now.
   */
  async take(flight: Flight<Key, Value>): Promise<void> {
    const { stack, clock, random } = this.options;
    const { job } = flight;
    const far = stack.far.find(({ tier }) => tier.lock !== undefined);
    if (far === undefined || flight.settled || this.options.keepsNothing()) return;
    const began = clock.now();
    const leaseMs = Math.min(LEASE_MS, job.hardMs * MOST_OF_A_LOAD);
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS)) {
      const lock = await far.call(() => far.tier.lock!(flight.encoded, leaseMs));
      if (lock === AWAY) return;
      if (lock !== undefined && job.over) return lock.end();
      if (lock !== undefined) job.unlock = this.#hold(far, lock, leaseMs);
      await this.#lookAgain(flight, began);
      if (lock !== undefined || flight.settled) return;
      await clock.sleep(pauseMs * (0.5 + random() / 2), job.signal);
    }
  }

  /** Renews a lock until what it returns is called, which ends it. */
  #hold(far: FarTier, lock: TierLock, leaseMs: number): () => Promise<void> {
    const { clock } = this.options;
    let ended = false;
    const later = () => clock.setTimer(() => void renew(), leaseMs / RENEWALS, { unref: true });
    let timer = later();
    const renew = async () => {
      const renewed = await far.call(() => lock.renew(leaseMs));
      // A tier that was away for a moment may still have it.
      if (renewed !== false && !ended) timer = later();
    };
    return () => {
      ended = true;
      timer.cancel();
      return lock.end();
    };
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
