export { hashFromHex, hashToHex, KeyHasher, type KeyHash } from './key-hasher.js';
export { FixedRateSampler, FixedSizeSampler, type Sampler } from './sampler.js';
export { SipHash } from './sip-hash.js';
