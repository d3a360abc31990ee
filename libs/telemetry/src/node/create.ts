import { randomBytes } from 'node:crypto';
import { SystemClock, type Clock } from '#libs/time';
import { refuseMistakes } from '../creation.js';
import { remoteControl } from '../control/remote-control.js';
import { Telemetry, type TelemetryOptions } from '../telemetry.js';
import { GzipCompressor, ZstdCompressor } from './compressors.js';
import { DiskSpool, type DiskSpoolOptions } from './disk-spool.js';
import { HttpTransport } from './http-transport.js';

const COMPRESSIONS = ['zstd', 'gzip', 'none'] as const;

/** What is different from the pure options: everything from outside has a default. */
export interface NodeTelemetryOptions extends Omit<
  TelemetryOptions,
  'transport' | 'clock' | 'random' | 'compression' | 'spool' | 'control'
> {
  /** Base of the collector, such as `http://127.0.0.1:8080`. */
  readonly endpoint: string;
  readonly key?: string;
  /** Default `zstd`. */
  readonly compression?: (typeof COMPRESSIONS)[number];
  /** A directory, or more about it. Default: no spool. */
  readonly spool?: string | DiskSpoolOptions;
  /** Longest silence of the collector before an attempt fails, ms. Default 30,000; 1 to 2,147,483,647. */
  readonly timeoutMs?: number;
  /**
   * Whether caches that are added to `telemetry.control` can be controlled from afar, and at which API: the endpoint, unless
   * the API has one of its own. The key then needs the scope `listen`. Default: they can.
   */
  readonly control?: false | { readonly endpoint?: string };
  /** Default: the machine's. */
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Telemetry for a process: HTTP with a kept connection, zstd, and a spool on disk when asked for. Call `shutdown` before
 * the process ends.
 * @throws TypeError that lists the options that cannot work: mistakes of the program, which show at once and only here.
 */
export function createTelemetry(options: NodeTelemetryOptions): Telemetry {
  refuseMistakes(options, { compressions: COMPRESSIONS });
  const { endpoint, key, timeoutMs, compression = 'zstd', spool, control = {}, ...rest } = options;
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
    ...(control !== false && {
      control: remoteControl({ endpoint: control.endpoint ?? endpoint, ...(key !== undefined && { key }) }),
    }),
    ...(compressor !== undefined && { compression: compressor }),
    ...(spool !== undefined && {
      spool: new DiskSpool(typeof spool === 'string' ? { directory: spool } : spool, clock),
    }),
  });
}
