export { disk, DiskTier, type DiskOptions } from './disk-tier.js';
export { jsonCodec, structuredCodec, type ValueCodec } from './value-codec.js';
