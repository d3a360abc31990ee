import type { ValueCodec } from './value-codec.js';

export interface DiskOptions {
  /**
   * Directory of the tier; made when it is missing. Several caches, tiers and processes may have it open. It holds nothing
   * but what can be fetched again.
   */
  readonly path: string;
  /** Most that its entries may take of the file, bytes. The file itself may get half larger, and does not shrink. */
  readonly maxBytes: number;
  /** Most entries. Default: no limit. */
  readonly maxEntries?: number;
  /** How values are written down. Default: `structuredCodec`. Entries of another codec are misses. */
  readonly codec?: ValueCodec;
}
