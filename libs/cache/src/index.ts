export { decodeKey, encodeKey, type CacheKey, type CacheKeyPart } from './key/cache-key.js';
export { estimateBytes } from './memory/estimate-bytes.js';
export { MemoryTier, type MemoryOptions } from './memory/memory-tier.js';
export * from './options.js';
export * from './tier/tier.js';
