const MOST_LIVES = 3;

/** How many more turns an entry is spared for what a byte of it costs to load: one for each doubling of the others' mean. */
export class SpareCostly {
  /** Mean of what a byte costs to load, as last seen. */
  #meanDensity = 0;

  livesFor(density: number): number {
    this.#meanDensity += (density - this.#meanDensity) * (this.#meanDensity === 0 ? 1 : 0.01);
    const times = this.#meanDensity === 0 ? 1 : density / this.#meanDensity;
    return Math.max(0, Math.min(MOST_LIVES, Math.floor(Math.log2(times))));
  }
}
