const COUNTERS = 2 ** 20;
const GHOSTS = 2 ** 17;
export const MOST_USES = 3;

/**
 * What S3-FIFO has to know of uses, in memory, so that a read writes nothing: how often entries were used since they were
 * last looked at, up to three times, and which ones left unused lately. Both by hash, in 2 MiB whatever the tier holds: two
 * entries may share a counter, and are then told apart no more. A restart forgets it.
 */
export class UsageSketch {
  readonly #uses = new Uint8Array(COUNTERS);
  readonly #ghosts = new Uint32Array(GHOSTS);
  readonly #leftAt = new Uint32Array(GHOSTS);
  #left = 1;

  used(hash: number): void {
    const at = hash & (COUNTERS - 1);
    if (this.#uses[at]! < MOST_USES) this.#uses[at]!++;
  }

  uses(hash: number): number {
    return this.#uses[hash & (COUNTERS - 1)]!;
  }

  /** It was looked at, and stays: one use less speaks for it. */
  spend(hash: number): void {
    const at = hash & (COUNTERS - 1);
    if (this.#uses[at]! > 0) this.#uses[at]!--;
  }

  forget(hash: number): void {
    this.#uses[hash & (COUNTERS - 1)] = 0;
  }

  /** It leaves without having been used. */
  left(hash: number): void {
    const at = hash & (GHOSTS - 1);
    this.#ghosts[at] = hash;
    this.#leftAt[at] = ++this.#left;
  }

  /** Whether it left among the last `within`. */
  leftLately(hash: number, within: number): boolean {
    const at = hash & (GHOSTS - 1);
    return this.#ghosts[at] === hash >>> 0 && this.#leftAt[at] !== 0 && this.#left - this.#leftAt[at]! < within;
  }
}
