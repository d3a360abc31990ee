/**
 * The largest (or smallest) value of windows that slide over values. It keeps the places that can still become the result,
 * each beyond the next, so that all windows together cost as much as the values. O(1) amortised
 */
export class SlidingExtreme {
  readonly #places: number[] = [];
  /** The first of the places that counts. */
  #first = 0;
  #next = 0;

  constructor(
    private readonly values: Float64Array,
    private readonly isBeyond: (a: number, b: number) => boolean,
  ) {}

  /** Neither end before the last one. @returns NaN when there is nothing else in the window */
  of(from: number, to: number): number {
    for (; this.#next < to; this.#next++) this.#take(this.#next);
    while (this.#first < this.#places.length && (this.#places[this.#first] as number) < from) this.#first++;
    const place = this.#places[this.#first];
    return place === undefined ? NaN : (this.values[place] as number);
  }

  #take(place: number): void {
    const value = this.values[place] as number;
    if (Number.isNaN(value)) return;
    while (this.#places.length > this.#first) {
      const last = this.values[this.#places.at(-1) as number] as number;
      if (!this.isBeyond(value, last)) break;
      this.#places.pop();
    }
    this.#places.push(place);
  }
}
