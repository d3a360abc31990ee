import type { CountingRecorder, RemovalCause, RequestResult } from '#libs/contracts';
import type { Clock } from '#libs/time';
import type { KeptEntry } from '../memory/memory-options.js';
import { TierUnavailableError, type Entry, type Selection, type Tier, type TierContext, type Touched } from './tier.js';

/** What a tier answers that cannot be reached. */
export const AWAY: unique symbol = Symbol('away');

/** Removals that are kept for a tier that is away; beyond it the tier owes to be cleared. */
const MOST_OWED = 1_000;

/**
 * A tier beyond the process's memory, which may be away: the cache goes on without it. What should have been removed or
 * overwritten meanwhile is owed, and done before the tier is asked for anything again, so that it never answers what was
 * removed. What is owed ends with the process.
 */
export class FarTier {
  readonly tier: Tier;
  readonly recorder: CountingRecorder;
  readonly #clock: Clock;
  readonly #onProblem: (problem: Error) => void;
  #opened: Promise<boolean> = Promise.resolve(false);
  #owed: Selection[] = [];
  #paying: Promise<boolean> | undefined;

  constructor(
    tier: Tier,
    { recorder, clock, onProblem }: Pick<TierContext, 'clock' | 'onProblem'> & { readonly recorder: CountingRecorder },
  ) {
    this.tier = tier;
    this.recorder = recorder;
    this.#clock = clock;
    this.#onProblem = onProblem;
  }

  get name(): string {
    return this.tier.name;
  }

  /** Resolves when it is open; rejects when it cannot be. What is called before waits for it. */
  open(context: TierContext): Promise<void> {
    const opening = this.tier.open(context);
    this.#opened = opening.then(
      () => true,
      (problem: unknown) => {
        this.#onProblem(asError(problem));
        return false;
      },
    );
    return opening;
  }

  get(key: string): Promise<Entry | undefined | typeof AWAY> {
    return this.#timed(() => this.tier.get(key));
  }

  async getMany(keys: readonly string[]): Promise<readonly (Entry | undefined | typeof AWAY)[]> {
    const entries = await this.#timed(() => this.tier.getMany(keys));
    return entries === AWAY ? keys.map(() => AWAY) : entries;
  }

  /** Says whether it was kept. @throws TypeError when the tier cannot write the value down */
  async set(key: string, entry: Entry): Promise<boolean> {
    const kept = await this.#call(() => this.tier.set(key, entry));
    if (kept === AWAY) this.#owe({ key });
    else if (kept) this.count('written', key);
    return kept === true;
  }

  /** What it removed; nothing yet when it is away. Rejects with what a predicate throws. */
  async remove(
    selection: Selection,
    options: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    const touched = await this.#call(() => this.tier.remove(selection, options));
    if (touched !== AWAY) return touched;
    if (options.dryRun !== true) this.#owe(selection);
    return { entries: 0 };
  }

  /** Counts a get, or a write, of a key; a miss may be a hit for a larger tier. */
  count(
    what: RequestResult | 'written',
    key: string,
    found?: Pick<KeptEntry, 'ageMs' | 'loadMs'>,
    ghostHits = 0,
  ): void {
    const { recorder } = this;
    const hash = recorder.threshold > 0 ? recorder.hashKey(key) : undefined;
    if (what !== 'hit') {
      recorder[what](hash);
      if (what === 'miss' && ghostHits > 0) recorder.ghostHit(ghostHits);
      return;
    }
    recorder.hit(hash, undefined, Math.round((found?.loadMs ?? 0) * 1e3));
    if (found !== undefined) recorder.ageAtHit(found.ageMs);
  }

  /** Runs what is not of a key: walking it, a lock. AWAY when it cannot be reached. */
  async call<Result>(operation: () => Promise<Result>): Promise<Result | typeof AWAY> {
    return this.#call(operation);
  }

  /** Closes it if it could be opened. */
  async close(): Promise<void> {
    if (await this.#opened) await this.tier.close();
  }

  async #timed<Result>(read: () => Promise<Result>): Promise<Result | typeof AWAY> {
    const start = this.#clock.monotonic();
    const result = await this.#call(read);
    if (result !== AWAY) this.recorder.getTook((this.#clock.monotonic() - start) * 1e6);
    return result;
  }

  async #call<Result>(operation: () => Promise<Result>): Promise<Result | typeof AWAY> {
    if (!(await this.#opened)) return AWAY;
    if (this.#owed.length > 0 && !(await this.#payOff())) return AWAY;
    try {
      return await operation();
    } catch (problem) {
      if (problem instanceof TypeError) throw problem;
      // A tier that is away says so itself, when it goes and when it comes.
      if (!(problem instanceof TierUnavailableError)) this.#onProblem(asError(problem));
      return AWAY;
    }
  }

  #owe(selection: Selection): void {
    if (this.#owed.length >= MOST_OWED) this.#owed = [{ all: true }];
    else this.#owed.push(selection);
  }

  #payOff(): Promise<boolean> {
    return (this.#paying ??= this.#pay().finally(() => (this.#paying = undefined)));
  }

  async #pay(): Promise<boolean> {
    for (let first = this.#owed[0]; first !== undefined; first = this.#owed[0]) {
      try {
        await this.tier.remove(first, { cause: 'invalidated' });
      } catch {
        return false;
      }
      // It may have been replaced by a debt to clear everything.
      if (this.#owed[0] === first) this.#owed.shift();
    }
    return true;
  }
}

export function asError(problem: unknown): Error {
  return problem instanceof Error ? problem : new Error(String(problem));
}
