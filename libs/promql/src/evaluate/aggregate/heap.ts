/** A value, and the place of what has it. */
export interface Ranked {
  readonly value: number;
  readonly place: number;
}

/**
 * The `size` largest (or smallest) values, the least of them on top; any number is before NaN. Of equal ones those that come
 * first stay. O(log size) for each
 */
export class TopHeap {
  readonly #items: Ranked[] = [];

  constructor(
    private readonly size: number,
    private readonly isBeyond: (a: number, b: number) => boolean,
  ) {}

  add(item: Ranked): void {
    const [top] = this.#items;
    if (this.#items.length < this.size || top === undefined) {
      this.#items.push(item);
      this.#rise(this.#items.length - 1);
    } else if (this.isBeyond(item.value, top.value) || (Number.isNaN(top.value) && !Number.isNaN(item.value))) {
      this.#items[0] = item;
      this.#sink();
    }
  }

  /** The best one first. */
  get ordered(): readonly Ranked[] {
    return this.#items.toSorted((a, b) => (this.#isLess(a, b) ? 1 : this.#isLess(b, a) ? -1 : a.place - b.place));
  }

  #isLess(a: Ranked, b: Ranked): boolean {
    if (Number.isNaN(a.value)) return !Number.isNaN(b.value);
    return this.isBeyond(b.value, a.value);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#items[a], this.#items[b]];
    if (first === undefined || second === undefined) return;
    this.#items[a] = second;
    this.#items[b] = first;
  }

  #isLessAt(a: number, b: number): boolean {
    const [first, second] = [this.#items[a], this.#items[b]];
    return first !== undefined && second !== undefined && this.#isLess(first, second);
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isLessAt(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = this.#isLessAt(left + 1, left) ? left + 1 : left;
      if (!this.#isLessAt(least, at)) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
