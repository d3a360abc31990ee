/** Its key is not used again. */
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The most hits that a cache of so many entries could have had that takes in what it missed, as those it is compared with
 * do, had it known all accesses in advance: it lets go of the entry whose next use is the farthest (Belady, IBM Systems
 * Journal 1966). O(n log n); keys are numbers from 0 on.
 */
export function optimalHits(accesses: Uint32Array, size: number): number {
  const next = new Float64Array(accesses.length);
  const last = new Map<number, number>();
  for (let at = accesses.length - 1; at >= 0; at--) {
    next[at] = last.get(accesses[at]!) ?? NEVER;
    last.set(accesses[at]!, at);
  }
  /** Next use of each key that is held. */
  const held = new Map<number, number>();
  /** Next uses, the farthest on top; some are of entries since used, or gone: these no longer agree with `held`. */
  const heap = new FarthestFirst();
  let hits = 0;
  for (let at = 0; at < accesses.length; at++) {
    const key = accesses[at]!;
    if (held.has(key)) hits++;
    else
      while (held.size >= size) {
        const { use, key } = heap.pop();
        if (held.get(key) === use) held.delete(key);
      }
    held.set(key, next[at]!);
    heap.push(next[at]!, key);
  }
  return hits;
}

class FarthestFirst {
  readonly #uses: number[] = [];
  readonly #keys: number[] = [];

  push(use: number, key: number): void {
    let at = this.#uses.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#uses[parent]! >= use) break;
      this.#uses[at] = this.#uses[parent]!;
      this.#keys[at] = this.#keys[parent]!;
      at = parent;
    }
    this.#uses[at] = use;
    this.#keys[at] = key;
  }

  pop(): { use: number; key: number } {
    const top = { use: this.#uses[0]!, key: this.#keys[0]! };
    const use = this.#uses.pop()!;
    const key = this.#keys.pop()!;
    const end = this.#uses.length;
    if (end === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= end) break;
      if (child + 1 < end && this.#uses[child + 1]! > this.#uses[child]!) child++;
      if (this.#uses[child]! <= use) break;
      this.#uses[at] = this.#uses[child]!;
      this.#keys[at] = this.#keys[child]!;
      at = child;
    }
    this.#uses[at] = use;
    this.#keys[at] = key;
    return top;
  }
}
