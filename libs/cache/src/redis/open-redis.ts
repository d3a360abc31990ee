import { discreet, structuredCodec, type ValueCodec } from '../disk/value-codec.js';
import type { Selection, TierContext, TierLimits } from '../tier/tier.js';
import { Debts } from './debts.js';
import { Hidings } from './hidings.js';
import { RedisLink, type Argument, type LinkContext, type Reply } from './link.js';
import type { RedisOptions } from './redis-options.js';
import type { Script } from './scripts.js';

const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 64 * 2 ** 20;
const GENERATION_BYTES = 16;

/** A cache on a server, connected: what reading, writing, removing and upkeep share, and how the server is asked. */
export class OpenRedis {
  readonly codec: ValueCodec;
  readonly link: RedisLink;
  readonly debts = new Debts();
  readonly hidings = new Hidings();
  /** What the names of all keys of the cache begin with. */
  readonly base: string;
  /** As of the last answer. */
  held = { entries: 0, bytes: 0 };
  isClosing = false;
  #gate: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<unknown>>();

  /** @throws TypeError for a url that is none of Redis. */
  constructor(
    options: RedisOptions,
    readonly context: TierContext,
    readonly instance: string,
    public limits: TierLimits,
    listening: Pick<LinkContext, 'onUp' | 'onMessage'>,
  ) {
    const { url, codec, commandTimeoutMs = 1_000, connectTimeoutMs = 2_000 } = options;
    const { failuresToOpen = 3, longestRetryMs = 10_000 } = options;
    const { cache, clock, random, onProblem } = context;
    this.codec = discreet(codec ?? structuredCodec);
    this.base = `{${cache}}:`;
    this.link = new RedisLink(
      {
        url,
        channel: `${this.base}c`,
        commandTimeoutMs,
        connectTimeoutMs,
        circuit: { failuresToOpen, minDelayMs: 20, baseMs: 100, capMs: longestRetryMs },
        mostWaiting: MOST_WAITING,
        mostWaitingBytes: MOST_WAITING_BYTES,
      },
      { clock, random, onProblem, ...listening },
    );
  }

  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  // ---- asking ----

  /** Begins when what was called before has been sent. Only a removal by predicate makes others wait. */
  inOrder<Answer>(begin: () => Promise<Answer>): Promise<Answer> {
    return this.track(this.#gate === undefined ? begin() : this.#gate.then(begin));
  }

  /**
   * Has all that is called from now on wait until `sent`.
   * @returns when it is the turn of what was called before this.
   */
  holdUp(sent: Promise<void>): Promise<void> {
    const begun = this.#gate ?? Promise.resolve();
    const gate = begun
      .then(() => sent)
      .then(() => {
        if (this.#gate === gate) this.#gate = undefined;
      });
    this.#gate = gate;
    return begun;
  }

  track<Answer>(promise: Promise<Answer>): Promise<Answer> {
    this.#underWay.add(promise);
    const done = () => void this.#underWay.delete(promise);
    promise.then(done, done);
    return promise;
  }

  /** A script's own answers, after the counts that each of them gives. */
  async run(script: Script, args: readonly Argument[]): Promise<readonly Reply[]> {
    const [entries, bytes, expired, evicted, replaced, ...answers] = (await this.link.run(script, this.base, args, {
      writes: true,
    })) as readonly Reply[];
    this.held = { entries: Number(entries), bytes: Number(bytes) };
    const { recorder } = this.context;
    if (Number(expired) > 0) recorder.removed('expired', Number(expired));
    if (Number(evicted) > 0) recorder.removed('evicted', Number(evicted));
    if (Number(replaced) > 0) recorder.removed('replaced', Number(replaced));
    return answers;
  }

  /** What cannot be done now is owed: what it was for is not answered until it is removed. */
  async write<Answer>(selection: Selection, write: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await write();
      if ('key' in selection) this.debts.paid(selection.key);
      return answer;
    } catch (error) {
      this.debts.owe(selection);
      throw error;
    }
  }

  /** The rows of entries of this generation, in the order of their keys. */
  async rowsOf(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    const entry = Buffer.from(`${this.base}e:`);
    const names = keys.map((key) => Buffer.concat([entry, key]));
    const [generation, ...rows] = (await this.link.send(['MGET', `${this.base}g`, ...names], {
      writes: false,
    })) as readonly (Buffer | null)[];
    return keys.map((_, i) => current(generation ?? null, rows[i] ?? null));
  }

  /** As the scripts take them. */
  limitArguments(): string[] {
    const { maxBytes, maxEntries } = this.limits;
    return [maxBytes, maxEntries].map((limit) => (limit === undefined ? '' : String(limit)));
  }
}

/** The row of an entry, when it is of the generation. */
function current(generation: Buffer | null, bytes: Buffer | null): Buffer | undefined {
  if (generation === null || bytes === null) return undefined;
  if (!bytes.subarray(0, GENERATION_BYTES).equals(generation)) return undefined;
  return bytes.subarray(GENERATION_BYTES);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
