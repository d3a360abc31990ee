import type { ContentEncoding } from '#libs/contracts';
import type { Dropped } from '../stats.js';

/** A batch whose bytes are final: from here on it has an identity, and keeps it until it is acknowledged. */
export interface FinalBatch {
  readonly instance: string;
  readonly sequence: number;
  readonly events: number;
  readonly finalAt: number;
  /** The drops that it announces: when it is never accepted, another batch has to. */
  readonly dropped?: Dropped | undefined;
  encoding: ContentEncoding;
  /** The bytes that travel; undefined while they lie in the spool alone. */
  body: Uint8Array | undefined;
  /** The batch before compression, kept where a beacon may need it. */
  plain: Uint8Array | undefined;
  /** Where it lies in the spool. */
  token: number | undefined;
  /** When a beacon took it last, by the monotonic clock, ms. */
  beaconAt?: number;
}
