export { redis, RedisTier, type RedisOptions } from './redis-tier.js';
export { jsonCodec, structuredCodec, type ValueCodec } from '../disk/value-codec.js';
