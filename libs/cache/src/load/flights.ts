import type { LoadOptions } from '../options.js';
import type { Found } from '../tier/found.js';
import { Flight, type Outcome } from './flight.js';
import type { Job } from './job.js';
import { stateOf } from './lifetime.js';
import type { LoadsOptions, Wanted } from './loading.js';

/** The keys on their way: one flight for each that may still be joined. */
export class Flights<Key, Value> {
  readonly #options: Pick<LoadsOptions<Value>, 'watches' | 'clock' | 'lifetime'>;
  readonly #byKey = new Map<string, Flight<Key, Value>>();

  constructor(options: Pick<LoadsOptions<Value>, 'watches' | 'clock' | 'lifetime'>) {
    this.#options = options;
  }

  /** The flight of a key that whoever asks now may share: nothing was done to the key since it began. */
  joinable(encoded: string): Flight<Key, Value> | undefined {
    const flight = this.#byKey.get(encoded);
    return flight === undefined || flight.settled || flight.watch.touched || flight.job.aborted ? undefined : flight;
  }

  begin(
    { key, encoded, held }: Wanted<Key>,
    job: Job<Key, Value>,
    write: LoadOptions,
    prefix: string,
  ): Flight<Key, Value> {
    // What an older one brings in is older than what this one will.
    this.#byKey.get(encoded)?.watch.spoil();
    const flight = new Flight(key, encoded, this.#options.watches.begin(encoded), job, write, prefix);
    this.remember(flight, held);
    this.#byKey.set(encoded, flight);
    job.flights.push(flight);
    return flight;
  }

  /** Harmless when it has ended. */
  land(flight: Flight<Key, Value>, outcome: Outcome<Value>): void {
    if (flight.settled) return;
    this.#leave(flight);
    flight.land(outcome);
  }

  /** Harmless when it has ended. */
  crash(flight: Flight<Key, Value>, error: unknown): void {
    if (flight.settled) return;
    this.#leave(flight);
    flight.crash(error);
  }

  /** Ends the flight with what a tier has, if that is good enough. */
  take(flight: Flight<Key, Value>, found: Found | undefined): void {
    if (found === undefined) return;
    if (found.state === 'grace' || flight.forced) this.remember(flight, found);
    else this.land(flight, { value: found.value as Value, how: 'kept', found });
  }

  remember(flight: Flight<Key, Value>, held: Found | undefined): void {
    if (held === undefined) return;
    flight.older = held;
    flight.olderAt = this.#options.clock.monotonic();
  }

  /** What is held, if it may still be answered in place of what cannot be loaded. */
  usable(flight: Flight<Key, Value>): Found | undefined {
    const { older } = flight;
    if (older === undefined || older.negative || flight.watch.touched) return undefined;
    return stateOf(older, this.ageOf(flight, older), this.#options.lifetime()) === 'over' ? undefined : older;
  }

  ageOf(flight: Flight<Key, Value>, older: Found): number {
    return older.ageMs + this.#options.clock.monotonic() - flight.olderAt;
  }

  #leave(flight: Flight<Key, Value>): void {
    this.#options.watches.end(flight.watch);
    if (this.#byKey.get(flight.encoded) === flight) this.#byKey.delete(flight.encoded);
  }
}
