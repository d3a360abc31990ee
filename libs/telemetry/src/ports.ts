import type { ContentEncoding } from '#libs/contracts';
import type { Dropped } from './stats.js';

/** What travels: the batch as JSON, encoded as `encoding` says. */
export interface Delivery {
  readonly body: Uint8Array;
  readonly encoding: ContentEncoding;
}

/** What a collector answered. */
export interface Answer {
  readonly status: number;
  /** The Retry-After header as it came: seconds, or a date. */
  readonly retryAfter?: string | undefined;
  /** The body as text; the first 64 KiB are enough. */
  readonly body: string;
}

/** Carries deliveries to a collector. It knows the address and the key; it never retries: that is the emitter's work. */
export abstract class Transport {
  /** Rejects when there was no answer, or the signal aborted. The body stays the caller's and is not changed. */
  abstract send(delivery: Delivery, signal: AbortSignal): Promise<Answer>;

  /**
   * Hands over a plain batch that gets no answer, for a page that is going away. Says whether it was taken on.
   * Transports that have no such way leave it undefined.
   */
  beacon?: (plain: Uint8Array) => boolean;

  /** Lets go of connections. */
  close(): void {}
}

/** Compresses batches off the event loop. */
export abstract class Compressor {
  abstract readonly encoding: ContentEncoding;
  abstract compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Undoes `compress`; used only when a collector finds a batch too large and it must be split. */
  abstract decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A batch as it lies in a spool. `token` is the spool's own. */
export interface SpooledBatch {
  readonly token: number;
  readonly sequence: number;
  readonly instance: string;
  readonly events: number;
  /** When its bytes were final, ms since 1970. */
  readonly finalAt: number;
  readonly encoding: ContentEncoding;
  /** The drops that it announces. */
  readonly dropped?: Dropped | undefined;
}

/** What was in the spool is not there, or not whole, and will not come back. */
export class SpooledBatchGone extends Error {
  override readonly name = 'SpooledBatchGone';
}

/** How long work is cut into slices: `breathe` before it starts, `due` after each small step, `breathe` when it says so. */
export interface Pace {
  due(): boolean;
  breathe(): Promise<void>;
}

/**
 * Keeps final batches until they are acknowledged, also over a crash. One process has it at a time. After `open`, what
 * an earlier process left comes back by `next` in the order it was appended, under the same identity and with the same
 * bytes.
 */
export abstract class Spool {
  /** Bytes held. */
  abstract readonly bytes: number;
  /**
   * Finds what was left behind: long work. Rejects when another process has it, the disk does not answer, or the signal
   * aborted.
   */
  abstract open(pace: Pace, signal: AbortSignal): Promise<void>;
  /** Batches left behind that `next` has not given yet: there may be many, so that only some are had in memory. */
  abstract readonly waiting: number;
  /**
   * The oldest of these, at most `max`. Rejects when some cannot be read: they wait no more, and stay for a later process.
   */
  abstract next(max: number): Promise<readonly SpooledBatch[]>;
  /** Durable when it resolves with the token; undefined when there is no room. */
  abstract append(batch: Omit<SpooledBatch, 'token'>, body: Uint8Array): Promise<number | undefined>;
  /** Rejects with `SpooledBatchGone` when its bytes are not there any more; otherwise it may be read later. */
  abstract read(token: number): Promise<Uint8Array>;
  /** Never needed again. A crash may forget it: the batch is then sent once more, under its identity. */
  abstract acknowledge(token: number): Promise<void>;
  abstract close(): Promise<void>;
}
