import type { CacheRecorders } from '#libs/contracts';

/** What has become of the events so far. */
export interface Delivery {
  /** Batches that the server has taken. */
  readonly batches: number;
  /** Events the server accepted. */
  readonly accepted: number;
  readonly rejected: number;
  readonly dropped: number;
  /** What the server has not taken yet: events that are in no batch, and batches without an answer. 0 when all is done. */
  readonly waiting: number;
  /** Bytes of the queue that are taken, 0 to 1. */
  readonly fullness: number;
  /** Why the server does not take batches at the moment. */
  readonly trouble: string | undefined;
  /** Why it will not take them later either: somebody has to act. */
  readonly refused: string | undefined;
}

/** Telemetry as a replay needs it. */
export interface ReplayTelemetry {
  /** What the cache gets its recorders from. */
  readonly recorders: CacheRecorders;
  /** The emitter's instance: what the database knows this replay by. */
  readonly instance: string;
  delivery(): Delivery;
  /** Tries again at once instead of waiting out a backoff. */
  hurry(): void;
  /** Closes the open window, sends what waits and stops. False when not everything was taken before the deadline. */
  finish(deadlineMs: number): Promise<boolean>;
  /** Stops at once, also while `finish` waits; does nothing after it. */
  abandon(): Promise<void>;
}
