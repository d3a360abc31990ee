import { randomBytes } from 'node:crypto';
import { SystemClock, type Clock } from '#libs/time';
import { Telemetry, type TelemetryOptions } from '../telemetry.js';
import { GzipCompressor, ZstdCompressor } from './compressors.js';
import { DiskSpool, type DiskSpoolOptions } from './disk-spool.js';
import { HttpTransport } from './http-transport.js';

/** What is different from the pure options: everything from outside has a default. */
export interface NodeTelemetryOptions extends Omit<
  TelemetryOptions,
  'transport' | 'clock' | 'random' | 'compression' | 'spool'
> {
  /** Base of the collector, such as `http://127.0.0.1:8080`. */
  readonly endpoint: string;
  readonly key?: string;
  /** Default `zstd`. */
  readonly compression?: 'zstd' | 'gzip' | 'none';
  /** A directory, or more about it. Default: no spool. */
  readonly spool?: string | DiskSpoolOptions;
  /** Longest silence of the collector before an attempt fails, ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Telemetry for a process: HTTP with a kept connection, zstd, and a spool on disk when asked for. Call `shutdown` before
 * the process ends.
 * @throws TypeError when the endpoint is no URL of HTTP or HTTPS: the one mistake that shows at once.
 */
export function createTelemetry(options: NodeTelemetryOptions): Telemetry {
  const { endpoint, key, timeoutMs, compression = 'zstd', spool, ...rest } = options;
  const compressor =
    compression === 'zstd' ? new ZstdCompressor() : compression === 'gzip' ? new GzipCompressor() : undefined;
  const { clock = new SystemClock() } = options;
  return new Telemetry({
    random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
    platform: process.platform,
    ...rest,
    clock,
    transport: new HttpTransport({
      endpoint,
      ...(key !== undefined && { key }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    }),
    ...(compressor !== undefined && { compression: compressor }),
    ...(spool !== undefined && {
      spool: new DiskSpool(typeof spool === 'string' ? { directory: spool } : spool, clock),
    }),
  });
}
