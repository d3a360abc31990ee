import { createHash } from 'node:crypto';
import type { TierLock } from '../tier/tier.js';
import type { OpenDisk } from './open-disk.js';

/** Lets one process at a time load a key, over all that have the directory open. By the wall clock of this machine. */
export async function lockKey(disk: OpenDisk, key: string, ttlMs: number): Promise<TierLock | undefined> {
  const { queue, context, databases } = disk;
  const { locks } = databases;
  const place = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest();
  const hold = (ttlMs: number, token: number) => {
    const now = context.clock.now();
    const value = Buffer.alloc(24);
    value.writeDoubleLE(now + ttlMs, 0);
    value.writeDoubleLE(now, 8);
    value.writeDoubleLE(token, 16);
    void locks.put(place, value);
  };
  const token = await queue.do((work) => {
    const held = locks.getBinary(place);
    const now = context.clock.now();
    // A clock that was set back makes nobody wait for longer than the lock was meant for.
    if (held !== undefined && held.readDoubleLE(0) > now && held.readDoubleLE(8) <= now) return undefined;
    const token = work.totals.nextId++;
    hold(ttlMs, token);
    return token;
  });
  if (token === undefined) return undefined;
  const isHeld = () => locks.getBinary(place)?.readDoubleLE(16) === token;
  return {
    renew: (ttlMs) =>
      queue.do(() => {
        const held = isHeld();
        if (held) hold(ttlMs, token);
        return held;
      }),
    end: () =>
      queue.do(() => {
        if (isHeld()) void locks.remove(place);
      }),
  };
}
