import { Evictor, type EvictionSetting } from '../evictor.js';
import { sampleOf } from '../policy-chooser.js';
import { NONE, Slots } from '../slots.js';

/** Keys 0, 1, 2 … in the low bits, as hashes: every key its own. */
export function hashOf(key: number): number {
  const mixed = Math.imul(key ^ (key >>> 16), 0x85eb_ca6b);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

/** A cache of so many entries without values, which runs an evictor as the memory tier does. */
export function aCache(size: number, setting: EvictionSetting, hash = hashOf) {
  const slots = new Slots();
  const evictor = new Evictor(slots, setting);
  const held = new Map<number, number>();
  const keys: number[] = [];
  return {
    evictor,
    /** Says whether it hit; a miss fills the key in. */
    access(key: number): boolean {
      let slot = held.get(key) ?? NONE;
      const hit = slot !== NONE;
      if (hit) {
        const counted = evictor.usesCounted;
        if (counted === 0) evictor.hit(slot);
        else if (slots.uses[slot]! < counted) slots.uses[slot]!++;
      } else {
        if (held.size >= size) {
          const out = evictor.evict();
          held.delete(keys[out]!);
          slots.free(out);
        }
        slot = slots.take(hash(key), 1);
        keys[slot] = key;
        held.set(key, slot);
        evictor.add(slot);
      }
      const sampled = slots.hash[slot]!;
      if (sampleOf(sampled) < evictor.sampleThreshold) evictor.sampled(sampled);
      return hit;
    },
    clear(): void {
      held.clear();
      slots.clear();
      evictor.clear();
    },
  };
}

/** Mulberry32: the same numbers for the same seed, 0 to 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function loop(accesses: number, keys: number): number[] {
  return Array.from({ length: accesses }, (_, i) => i % keys);
}

/** A quarter new keys; the rest of what came last, the sooner the likelier. */
export function recent(accesses: number, reach = 1_000, random = randomFrom(5)): number[] {
  let newest = 0;
  return Array.from({ length: accesses }, () =>
    random() < 0.25 ? newest++ : Math.max(0, newest - 1 - Math.floor(random() ** 4 * reach)),
  );
}

/** Key k with a chance of about 1 / (k + 1)^exponent. */
export function zipf(accesses: number, keys: number, exponent: number, random = randomFrom(3)): number[] {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let key = 0; key < keys; key++) sums[key] = sum += 1 / (key + 1) ** exponent;
  return Array.from({ length: accesses }, () => {
    const wanted = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
