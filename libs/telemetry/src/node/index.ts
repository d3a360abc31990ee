export { GzipCompressor, ZstdCompressor } from './compressors.js';
export { createTelemetry, type NodeTelemetryOptions } from './create.js';
export { DiskSpool, type DiskSpoolOptions } from './disk-spool.js';
export { HttpTransport, type HttpTransportOptions } from './http-transport.js';
export { SpoolLockedError } from './spool-lock.js';
