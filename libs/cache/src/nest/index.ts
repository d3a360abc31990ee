export { CacheModule, type CacheModuleAsyncOptions, type CacheModuleOptions } from './cache.module.js';
export { cacheToken, InjectCache } from './cache-token.js';
export { Cached, callKey, Evicts, InvalidatesTag, type CachedOptions } from './cached.js';
