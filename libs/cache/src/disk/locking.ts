import { createHash } from 'node:crypto';
import type { OpenDisk } from './open-disk.js';

/** Lets one process at a time load a key, over all that have the directory open. By the wall clock of this machine. */
export async function lockKey(disk: OpenDisk, key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
  const { queue, context, databases } = disk;
  const { locks } = databases;
  const place = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest();
  const token = await queue.do((work) => {
    const held = locks.getBinary(place);
    const now = context.clock.now();
    // A clock that was set back makes nobody wait for longer than the lock was meant for.
    if (held !== undefined && held.readDoubleLE(0) > now && held.readDoubleLE(8) <= now) return undefined;
    const token = work.totals.nextId++;
    const value = Buffer.alloc(24);
    value.writeDoubleLE(now + ttlMs, 0);
    value.writeDoubleLE(now, 8);
    value.writeDoubleLE(token, 16);
    void locks.put(place, value);
    return token;
  });
  if (token === undefined) return undefined;
  return () =>
    queue.do(() => {
      if (locks.getBinary(place)?.readDoubleLE(16) === token) void locks.remove(place);
    });
}
