import { randomBytes } from 'node:crypto';
import type { TierLock } from '../tier/tier.js';
import { toBytes } from './key-bytes.js';
import type { OpenRedis } from './open-redis.js';
import { RENEW_LOCK, UNLOCK, type Script } from './scripts.js';

/** Lets one instance at a time load a key, by the clock of the server. A server that is started anew forgets its locks. */
export async function lockKey(redis: OpenRedis, key: string, ttlMs: number): Promise<TierLock | undefined> {
  const place = Buffer.concat([Buffer.from(`${redis.base}l:`), toBytes(key)]);
  const token = randomBytes(16).toString('hex');
  const done = await redis.track(redis.link.send(['SET', place, token, 'NX', 'PX', px(ttlMs)], { writes: false }));
  if (done === null) return undefined;
  const run = (script: Script, ...args: readonly string[]) =>
    redis.track(redis.link.send(['EVAL', script.text, '1', place, token, ...args], { writes: false }));
  return {
    renew: async (ttlMs) => (await run(RENEW_LOCK, px(ttlMs))) === 1,
    end: async () => void (await run(UNLOCK)),
  };
}

function px(ttlMs: number): string {
  return String(Math.max(1, Math.ceil(ttlMs)));
}
