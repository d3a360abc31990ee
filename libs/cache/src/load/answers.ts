import { LoadedAnswer, type Loaded, type LoaderAnswer, type WriteOptions } from '../options.js';
import { checkWriteOptions } from '../validate/call-options.js';
import { contentHash } from '../validate/content-hash.js';
import { asError } from '../tier/far-tier.js';
import type { Flight, Outcome } from './flight.js';
import type { Flights } from './flights.js';
import { encodeTags, keptOf } from './kept.js';
import type { LoadsOptions } from './loading.js';

/** What an answer is taken for, and what it says of how it is kept. */
interface Read<Value> {
  readonly said: WriteOptions;
  readonly outcome: Outcome<Value>;
}

const NOTHING_SAID: WriteOptions = {};

/** Takes the answers of loaders in: checks them, keeps them unless they come too late, and ends their flights. */
export class Answers<Key, Value> {
  constructor(
    private readonly options: LoadsOptions<Value>,
    private readonly flights: Flights<Key, Value>,
  ) {}

  /** At once, with undefined, when the schema answers at once. Never throws: what is wrong ends the flight. */
  accept(flight: Flight<Key, Value>, answer: LoaderAnswer<Value> | Error, loadMs: number): Promise<void> | undefined {
    try {
      if (answer instanceof Error) throw answer;
      const read = this.#read(flight, answer);
      if (!(read instanceof Promise)) this.#take(flight, read, loadMs);
      else return read.then((late) => this.#take(flight, late, loadMs)).catch((e) => this.#refuse(flight, e, loadMs));
    } catch (error) {
      this.#refuse(flight, error, loadMs);
    }
    return undefined;
  }

  #read(flight: Flight<Key, Value>, answer: LoaderAnswer<Value>): Read<Value> | Promise<Read<Value>> {
    if (!(answer instanceof LoadedAnswer)) return this.#checked(answer, NOTHING_SAID);
    const { value, unchanged, ...said } = answer.answer as Loaded<Value>;
    return unchanged === true ? this.#unchanged(flight, said) : this.#checked(value, said);
  }

  #checked(value: Value | undefined, said: WriteOptions): Read<Value> | Promise<Read<Value>> {
    if (value === undefined) return { said, outcome: { value, how: 'loaded' } };
    const checked = this.options.validate(value);
    return checked instanceof Promise
      ? checked.then((late) => ({ said, outcome: { value: late, how: 'loaded' } }))
      : { said, outcome: { value: checked, how: 'loaded' } };
  }

  #unchanged({ older }: Flight<Key, Value>, said: WriteOptions): Read<Value> {
    if (older === undefined)
      throw new TypeError(
        `A loader of cache ${this.options.cache} said that nothing changed, and nothing was held. Say so only when context.previous is given.`,
      );
    const { version } = older;
    return {
      said: { ...(version !== undefined && { version }), ...said },
      outcome: { value: older.value as Value, how: 'unchanged' },
    };
  }

  /** What the origin has not said itself: that what came is what is held. */
  #compared({ older }: Flight<Key, Value>, { said, outcome }: Read<Value>): Read<Value> {
    const { value, how } = outcome;
    if (how === 'unchanged' || value === undefined) return { said, outcome };
    const held = older === undefined || older.negative ? undefined : older;
    if (said.version !== undefined)
      return held?.version === said.version ? { said, outcome: { value, how: 'unchanged' } } : { said, outcome };
    const version = this.options.comparesContent ? contentHash(value) : undefined;
    if (version === undefined) return { said, outcome };
    const isHeld = held !== undefined && (held.version ?? contentHash(held.value)) === version;
    return {
      said: { ...said, version },
      outcome: isHeld ? { value: held.value as Value, how: 'unchanged' } : outcome,
    };
  }

  #take(flight: Flight<Key, Value>, read: Read<Value>, loadMs: number): void {
    if (flight.settled) return;
    const { said, outcome } = this.#compared(flight, read);
    const { recorder, counts } = this.options;
    recorder.loaded(loadMs * 1e6);
    if (flight.older !== undefined) {
      counts.refreshed++;
      recorder.refreshed(outcome.how !== 'unchanged', this.flights.ageOf(flight, flight.older));
    }
    if (outcome.how === 'unchanged') counts.unchanged++;
    const written = this.#stored(flight, outcome, said, loadMs);
    if (flight.job.unlock !== undefined && written !== undefined) flight.job.writes.push(written);
    this.flights.land(flight, outcome);
  }

  #refuse(flight: Flight<Key, Value>, error: unknown, loadMs: number): void {
    if (flight.settled) return;
    this.options.recorder.loadFailed(loadMs * 1e6);
    this.flights.crash(flight, error);
  }

  /**
   * The origin has given it: a fault in how it is to be kept, such as a loader's wrong ttl or a weigher that throws, costs
   * nobody the value. It is not kept then, nor what it would have replaced.
   */
  #stored(
    flight: Flight<Key, Value>,
    outcome: Outcome<Value>,
    said: WriteOptions,
    loadMs: number,
  ): Promise<unknown> | undefined {
    const { onProblem } = this.options;
    try {
      return this.#store(flight, outcome, said, loadMs);
    } catch (problem) {
      onProblem(asError(problem));
      if (outcome.how === 'unchanged' || !flight.watch.mayKeep(undefined)) return undefined;
      return this.#drop(flight.encoded).catch((e) => onProblem(asError(e)));
    }
  }

  /** Resolves when every tier has it; undefined when nothing is written, or nothing beyond memory. */
  #store(
    flight: Flight<Key, Value>,
    { value, how }: Outcome<Value>,
    said: WriteOptions,
    loadMs: number,
  ): Promise<unknown> | undefined {
    const { stack, lifetime, random, counts } = this.options;
    if (this.options.keepsNothing()) return undefined;
    if (said !== NOTHING_SAID) checkWriteOptions(said);
    const { prefix, older, write } = flight;
    const held = how === 'unchanged' ? older?.tags : undefined;
    const tags = encodeTags(prefix, said.tags) ?? held ?? encodeTags(prefix, write.tags);
    if (!flight.watch.mayKeep(tags)) {
      counts.outdated++;
      return undefined;
    }
    const wanted = said === NOTHING_SAID ? write : { ...write, ...said };
    const kept = keptOf(value, wanted, tags, loadMs, lifetime(), random);
    // The origin has none, or it may not be kept: what is held of it is no longer so.
    const written = kept === undefined ? this.#drop(flight.encoded) : stack.write(flight.encoded, kept);
    if (typeof written === 'boolean') return undefined;
    written.catch((problem: unknown) => this.options.onProblem(asError(problem)));
    return written;
  }

  async #drop(key: string): Promise<void> {
    const removed = this.options.stack.remove({ key }, { cause: 'invalidated' });
    this.options.onDropped(key);
    await removed;
  }
}
