import { randomBytes } from 'node:crypto';
import { toBytes } from './key-bytes.js';
import type { OpenRedis } from './open-redis.js';
import { UNLOCK } from './scripts.js';

/** Lets one instance at a time load a key, by the clock of the server. A server that is started anew forgets its locks. */
export async function lockKey(
  redis: OpenRedis,
  key: string,
  ttlMs: number,
): Promise<(() => Promise<void>) | undefined> {
  const place = Buffer.concat([Buffer.from(`${redis.base}l:`), toBytes(key)]);
  const token = randomBytes(16).toString('hex');
  const px = String(Math.max(1, Math.ceil(ttlMs)));
  const done = await redis.track(redis.link.send(['SET', place, token, 'NX', 'PX', px], { writes: false }));
  if (done === null) return undefined;
  return async () => {
    await redis.track(redis.link.send(['EVAL', UNLOCK.text, '1', place, token], { writes: false }));
  };
}
