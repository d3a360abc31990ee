import type { EventLog, LogRecord } from '#libs/event-log';
import type { Clock } from '#libs/time';
import type {
  HashedSelection,
  InvalidationBus,
  InvalidationListener,
  InvalidationMessage,
  InvalidationSubscription,
} from '../invalidation/bus.js';

export interface EventLogInvalidationsOptions {
  /** Any adapter of the log. It is the caller's: close it after the caches. */
  readonly log: EventLog;
  readonly clock: Clock;
  /** Default `cache-invalidations`; made when it is missing, with one partition. All caches may share it. */
  readonly topic?: string;
  /** How often it looks for what is new, ms: others hear a removal so much later at most. Default 100. */
  readonly pollMs?: number;
  /** Told when reading fails, once for each outage; it goes on. */
  readonly onProblem?: (problem: Error) => void;
}

const READ_AT_ONCE = 1_000;
const LONGEST_POLL_MS = 10_000;
const ONLY = 0;

/**
 * Tells instances what was invalidated over the project's own event log. Each listener reads the topic by itself, without a
 * group: all of them hear everything, none leaves a group behind, and where each of them stands ends with it.
 */
export class EventLogInvalidations implements InvalidationBus {
  readonly #options: EventLogInvalidationsOptions;
  readonly #topic: string;
  #ensured: Promise<void> | undefined;

  constructor(options: EventLogInvalidationsOptions) {
    this.#options = options;
    this.#topic = options.topic ?? 'cache-invalidations';
  }

  async publish(message: InvalidationMessage): Promise<void> {
    await this.#ensure();
    const value = new TextEncoder().encode(JSON.stringify(message));
    await this.#options.log.append(this.#topic, [{ key: message.cache, value, headers: {} }]);
  }

  async subscribe(listener: InvalidationListener): Promise<InvalidationSubscription> {
    await this.#ensure();
    const { next } = await this.#range();
    const closing = new AbortController();
    const reading = this.#follow(listener, next, closing.signal);
    return {
      close: async () => {
        closing.abort();
        await reading;
      },
    };
  }

  #ensure(): Promise<void> {
    this.#ensured ??= this.#options.log.ensureTopic(this.#topic, { partitions: 1 }).catch((error: unknown) => {
      this.#ensured = undefined;
      throw error;
    });
    return this.#ensured;
  }

  async #range() {
    const range = (await this.#options.log.ranges(this.#topic)).find(({ partition }) => partition === ONLY);
    if (range === undefined) throw new Error(`Topic ${this.#topic} has no partition ${ONLY}. Was it deleted?`);
    return range;
  }

  async #follow(listener: InvalidationListener, from: bigint, signal: AbortSignal): Promise<void> {
    const { log, clock, onProblem, pollMs = 100 } = this.#options;
    let failures = 0;
    for (let next = from; !signal.aborted;) {
      let records: readonly LogRecord[] = [];
      try {
        const range = await this.#range();
        if (range.earliest > next || range.next < next) {
          // It was cut before it was read, or began anew.
          if (!signal.aborted) listener.missed();
          next = range.next;
        }
        if (range.next > next) records = await log.read(this.#topic, { partition: ONLY, offset: next }, READ_AT_ONCE);
        failures = 0;
      } catch (error) {
        if (failures++ === 0 && !signal.aborted)
          onProblem?.(
            new Error(`Topic ${this.#topic} cannot be read; what it tells is heard later.`, { cause: error }),
          );
      }
      for (const record of records) {
        if (signal.aborted) return;
        const message = parsed(record.value);
        if (message === undefined) listener.missed();
        else listener.heard(message);
        next = record.offset + 1n;
      }
      if (records.length > 0) continue;
      await clock.sleep(Math.min(pollMs * 2 ** failures, LONGEST_POLL_MS), signal).catch(() => undefined);
    }
  }
}

/** Undefined for what is no message: what it was to say is not known. */
function parsed(value: Uint8Array): InvalidationMessage | undefined {
  try {
    const message = JSON.parse(new TextDecoder().decode(value)) as Partial<InvalidationMessage> | null;
    const { cache, from, selections } = message ?? {};
    if (typeof cache !== 'string' || typeof from !== 'string' || !Array.isArray(selections)) return undefined;
    return selections.every(isSelection) ? { cache, from, selections } : undefined;
  } catch {
    return undefined;
  }
}

function isSelection(one: unknown): one is HashedSelection {
  if (typeof one !== 'object' || one === null) return false;
  const { key, tag, namespace, all } = one as Readonly<Record<string, unknown>>;
  return [key, tag, namespace].some((hash) => typeof hash === 'string') || all === true;
}
