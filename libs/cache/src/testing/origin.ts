import { randomFrom } from '#libs/cache-policies/testing';
import { SystemClock, type Clock } from '#libs/time';
import { encodeKey, type CacheKey } from '../key/cache-key.js';
import type { BatchLoader, Loader } from '../options.js';

/** What one call of an origin does in place of what it does otherwise. */
export type OriginStep<Value> =
  /** Answers when the caller leaves or the load times out, and then by failing. */
  | 'hang'
  /** Fails. */
  | 'throw'
  /** Fails so. */
  | Error
  /** Takes so long, ms, and answers as ever. */
  | { readonly slow: number }
  /** Takes so long, ms, and answers as ever, also when its signal has aborted: what many loaders do. */
  | { readonly deaf: number }
  /** Answers so. */
  | { readonly value: Value | undefined };

export interface OriginOptions<Key, Value> {
  /** What it has: values by plain texts, or a function of the key. What is not there is `undefined`. Default: nothing. */
  readonly values?: Readonly<Record<string, Value>> | ((key: Key) => Value | undefined | Promise<Value | undefined>);
  /** What a call takes, ms on `clock`. Default 0: it answers in another turn of promises. */
  readonly latency?: number | ((key: Key, call: number) => number);
  /** The share of calls that fail, by chance, or the error of a call. Default: none. */
  readonly failures?: number | ((key: Key, call: number) => Error | undefined);
  /** What the first calls do, in their order, whatever the key. `next` adds to it. */
  readonly script?: readonly OriginStep<Value>[];
  /** Default: the machine's. Give it the cache's. */
  readonly clock?: Clock;
  /** For `failures`. Default 1: the same calls fail in every run. */
  readonly seed?: number;
  /** Waited for before each answer: `turns.take` of `interleave`, or fast-check's `scheduler.schedule`. */
  readonly turn?: (label: string) => Promise<unknown>;
}

/** One call of an origin, for one key. */
export interface OriginCall<Key> {
  readonly key: Key;
  /** When it began, on the origin's clock, ms. */
  readonly at: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** `aborted`: it heeded its signal. */
  outcome: 'running' | 'answered' | 'failed' | 'aborted';
}

/** Makes an origin to load from that records who asks it for what, and does what a test wants. */
export function createOrigin<Value, Key extends CacheKey = string>(
  options: OriginOptions<Key, Value> = {},
): Origin<Value, Key> {
  return new Origin(options);
}

export class Origin<Value, Key extends CacheKey = string> {
  /** Every call, from the first on; a batch is a call for each of its keys. */
  readonly calls: OriginCall<Key>[] = [];
  /** How many calls of `loadMany` there were. */
  batches = 0;
  /** The most calls that ran at the same time. */
  mostAtOnce = 0;
  readonly #options: OriginOptions<Key, Value>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #script: OriginStep<Value>[];
  readonly #running = new Map<string, number>();
  readonly #most = new Map<string, { readonly key: Key; atOnce: number }>();
  #runningNow = 0;

  constructor(options: OriginOptions<Key, Value>) {
    this.#options = options;
    this.#clock = options.clock ?? new SystemClock();
    this.#random = randomFrom(options.seed ?? 1);
    this.#script = [...(options.script ?? [])];
  }

  /** The next calls do this, in their order. */
  next(...steps: readonly OriginStep<Value>[]): void {
    this.#script.push(...steps);
  }

  /** A loader. */
  readonly load: Loader<Key, Value> = (key, { signal }) => this.#call(key, signal);

  /** A batch loader: a key that fails is an error in its place. */
  readonly loadMany: BatchLoader<Key, Value> = (keys, { signal }) => {
    this.batches++;
    return Promise.all(
      keys.map((key) =>
        this.#call(key, signal).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
      ),
    );
  };

  /** The calls for one key. */
  callsOf(key: Key): readonly OriginCall<Key>[] {
    const encoded = encodeKey(key);
    return this.calls.filter((call) => encodeKey(call.key) === encoded);
  }

  /** How many calls run now. */
  get running(): number {
    return this.#runningNow;
  }

  /** The most calls for one key that ran at the same time. */
  get mostPerKey(): { readonly key: Key; readonly atOnce: number } | undefined {
    let most: { readonly key: Key; readonly atOnce: number } | undefined;
    for (const one of this.#most.values()) if (most === undefined || one.atOnce > most.atOnce) most = one;
    return most;
  }

  async #call(key: Key, signal: AbortSignal): Promise<Value | undefined> {
    const number = this.calls.length;
    const call: OriginCall<Key> = { key, at: this.#clock.now(), signal, outcome: 'running' };
    this.calls.push(call);
    const encoded = encodeKey(key);
    this.#begin(encoded, key);
    try {
      const value = await this.#answer(key, number, signal);
      call.outcome = 'answered';
      return value;
    } catch (error) {
      call.outcome = signal.aborted && error === signal.reason ? 'aborted' : 'failed';
      throw error;
    } finally {
      this.#runningNow--;
      this.#running.set(encoded, this.#running.get(encoded)! - 1);
    }
  }

  async #answer(key: Key, number: number, signal: AbortSignal): Promise<Value | undefined> {
    const { latency = 0, failures = 0, values, turn } = this.#options;
    const step = this.#script.shift();
    const failure =
      typeof failures === 'function'
        ? failures(key, number)
        : failures > 0 && this.#random() < failures
          ? new Error(`Call ${number} of the origin failed.`)
          : undefined;
    const ms = typeof step === 'object' && 'slow' in step ? step.slow : latencyOf(latency, key, number);
    await Promise.resolve();
    if (step === 'hang') await aborted(signal);
    else if (typeof step === 'object' && 'deaf' in step) await this.#clock.sleep(step.deaf);
    else if (ms > 0) await this.#clock.sleep(ms, signal);
    await turn?.(`answer ${number}`);
    if (step instanceof Error) throw step;
    if (step === 'throw') throw new Error(`Call ${number} of the origin was to fail.`);
    if (typeof step === 'object' && 'value' in step) return step.value;
    if (step === undefined && failure !== undefined) throw failure;
    return typeof values === 'function' ? values(key) : valueOf(values, key);
  }

  #begin(encoded: string, key: Key): void {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#runningNow);
    const running = (this.#running.get(encoded) ?? 0) + 1;
    this.#running.set(encoded, running);
    const most = this.#most.get(encoded);
    if (most === undefined) this.#most.set(encoded, { key, atOnce: running });
    else most.atOnce = Math.max(most.atOnce, running);
  }
}

function latencyOf<Key>(latency: number | ((key: Key, call: number) => number), key: Key, call: number): number {
  return typeof latency === 'function' ? latency(key, call) : latency;
}

function valueOf<Value>(values: Readonly<Record<string, Value>> | undefined, key: CacheKey): Value | undefined {
  return values !== undefined && typeof key === 'string' && Object.hasOwn(values, key) ? values[key] : undefined;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
