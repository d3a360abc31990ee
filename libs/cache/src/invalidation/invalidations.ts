import type { Clock } from '#libs/time';
import { KeyHasher } from '#libs/sampling';
import { NONE } from '#libs/cache-policies';
import type { Watches } from '../load/watch.js';
import type { MemoryTier } from '../memory/memory-tier.js';
import { asError } from '../tier/far-tier.js';
import type { EntryInfo, Selection } from '../tier/tier.js';
import type { HashedSelection, InvalidationBus, InvalidationMessage, InvalidationSubscription } from './bus.js';
import { HashedKeys } from './hashed-keys.js';

/** Selections that wait to be told; what is beyond is told as everything. */
const MOST_WAITING = 10_000;
/** Selections in one message. */
const MOST_AT_ONCE = 1_000;
/** Pauses before another attempt, ms: doubled, by chance up to half of it less. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

export interface InvalidationsOptions {
  readonly cache: string;
  readonly bus: InvalidationBus;
  readonly secret: string;
  readonly memory: MemoryTier | undefined;
  readonly watches: Watches;
  /** Told of what was dropped here because another instance said so. */
  readonly onDropped: (selection: Selection) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProblem: (problem: Error) => void;
}

/**
 * Tells the other instances of a cache what was removed or overwritten here, and drops from memory what they tell. It
 * begins by emptying memory, and does so whenever something was missed: what was told meanwhile is not known.
 */
export class Invalidations {
  readonly #options: InvalidationsOptions;
  readonly #from: string;
  readonly #keys: HashedKeys;
  #waiting = new Map<string, HashedSelection>();
  #publishing: Promise<void> | undefined;
  #subscribing: Promise<void> | undefined;
  #subscription: InvalidationSubscription | undefined;
  /** Ends the pauses before another attempt. */
  readonly #wakes = new Set<() => void>();
  #closed = false;

  constructor(options: InvalidationsOptions) {
    const { random, secret, memory } = options;
    this.#options = options;
    this.#from = Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('');
    this.#keys = new HashedKeys(new KeyHasher(secret), {
      size: () => memory?.usage().entries ?? 0,
      holds: (key) => memory !== undefined && memory.find(key) !== NONE,
    });
    if (memory !== undefined) this.#subscribing = this.#subscribe();
  }

  /** Memory was given an entry. */
  kept(key: string): void {
    this.#keys.add(key);
  }

  /** Has the others told, soon: what is told in one turn of the event loop goes together. */
  tell(selection: Selection): void {
    const hashed = this.#hashed(selection);
    if (this.#waiting.size >= MOST_WAITING) this.#waiting = new Map([['all', { all: true }]]);
    else this.#waiting.set(JSON.stringify(hashed), hashed);
    this.#publishing ??= this.#publish().finally(() => (this.#publishing = undefined));
  }

  /** Tries once more to tell what waits, and listens no longer. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#wakes) wake();
    await Promise.allSettled([this.#subscribing, this.#publishing]);
    await this.#subscription?.close();
  }

  #hashed(selection: Selection): HashedSelection {
    if ('key' in selection) return { key: this.#keys.hash(selection.key) };
    if ('tag' in selection) return { tag: this.#keys.hash(selection.tag) };
    if ('prefix' in selection) return { namespace: this.#keys.hashOfNamespace(selection.prefix) };
    return { all: true };
  }

  // ---- telling ----

  async #publish(): Promise<void> {
    await Promise.resolve();
    const { bus, cache, onProblem } = this.#options;
    let failures = 0;
    while (this.#waiting.size > 0) {
      const part = [...this.#waiting].slice(0, MOST_AT_ONCE);
      for (const [id] of part) this.#waiting.delete(id);
      try {
        await bus.publish({ cache, from: this.#from, selections: part.map(([, selection]) => selection) });
        failures = 0;
      } catch (problem) {
        for (const [id, selection] of part) this.#waiting.set(id, selection);
        if (failures++ === 0 || this.#closed)
          onProblem(
            new Error(
              `Invalidations of cache ${cache} could not be told to its other instances${this.#closed ? ', and are lost with this process' : '; it is tried again'}.`,
              { cause: problem },
            ),
          );
        if (this.#closed) return;
        await this.#pause(failures);
      }
    }
  }

  // ---- hearing ----

  async #subscribe(): Promise<void> {
    const { bus, cache, onProblem } = this.#options;
    for (let failures = 0; !this.#closed;) {
      try {
        this.#subscription = await bus.subscribe({
          heard: (message) => this.#hear(message),
          missed: () => void this.#drop({ all: true }),
        });
        // What was told before is not heard.
        await this.#drop({ all: true });
        return;
      } catch (problem) {
        if (failures++ === 0)
          onProblem(
            new Error(`Cache ${cache} cannot listen to its other instances; it is tried again.`, {
              cause: problem,
            }),
          );
        await this.#pause(failures);
      }
    }
  }

  #hear({ cache, from, selections }: InvalidationMessage): void {
    if (cache !== this.#options.cache || from === this.#from || this.#closed) return;
    const tags = new Set<string>();
    const namespaces = new Set<string>();
    for (const selection of selections)
      if ('key' in selection) this.#hearKey(selection.key);
      else if ('tag' in selection) tags.add(selection.tag);
      else if ('namespace' in selection) namespaces.add(selection.namespace);
      else return void this.#drop({ all: true });
    if (tags.size > 0 || namespaces.size > 0) void this.#drop({ where: this.#predicate(tags, namespaces) });
  }

  #hearKey(hash: string): void {
    const { watches } = this.#options;
    for (const key of watches.keys()) if (this.#keys.hash(key) === hash) watches.overwrittenNow(key, true);
    const key = this.#keys.key(hash);
    if (key !== undefined) void this.#drop({ key });
  }

  /** What a tag is of that is on its way nobody knows before it has come: it is not kept, whatever its tags. */
  #predicate(tags: ReadonlySet<string>, namespaces: ReadonlySet<string>): (key: string, entry: EntryInfo) => boolean {
    const isMeant = new Map<string, boolean>();
    const tagIsMeant = (tag: string): boolean => {
      let meant = isMeant.get(tag);
      if (meant === undefined) isMeant.set(tag, (meant = tags.has(this.#keys.hash(tag))));
      return meant;
    };
    const whole = namespaces.has(this.#keys.hash(''));
    return (key, entry) =>
      whole ||
      (tags.size > 0 && (entry.tags?.some(tagIsMeant) ?? false)) ||
      (namespaces.size > 0 && this.#keys.isWithin(key, namespaces));
  }

  async #drop(selection: Selection): Promise<void> {
    const { memory, watches, onProblem } = this.#options;
    watches.changed(selection, true);
    try {
      await memory?.remove(selection, { cause: 'invalidated' });
      this.#options.onDropped(selection);
    } catch (problem) {
      onProblem(asError(problem));
    }
  }

  // ---- waiting ----

  #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS) * (0.5 + random() / 2);
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = clock.setTimer(wake, delayMs, { unref: true });
      this.#wakes.add(wake);
    });
  }
}
