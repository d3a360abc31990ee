/** What is kept for a name, and how often it was offered. */
interface Held<Value> {
  readonly value: Value;
  offers: number;
}

/**
 * Values by name, of which those with the first `most` names in the order of their letters are kept. What is kept, and
 * how much was left out, depends on what was offered and not on the order: two processes that saw the same say the same.
 * (Whoever came first would be kept otherwise, which each process sees differently.)
 *
 * Taking a name that is held is O(1), a new one O(most).
 */
export class FirstNames<Value> {
  readonly #most: number;
  readonly #held = new Map<string, Held<Value>>();
  /** Ascending. */
  readonly #names: string[] = [];
  #leftOut = 0;

  /** @param most at least 0 */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a name, made when it is new, or undefined when there is no place for it. */
  take(name: string, make: () => Value): Value | undefined {
    const held = this.#held.get(name);
    if (held !== undefined) {
      held.offers++;
      return held.value;
    }
    const at = this.#placeOf(name);
    if (at >= this.#most) {
      this.#leftOut++;
      return undefined;
    }
    if (this.#names.length === this.#most) this.#dropLast();
    this.#names.splice(at, 0, name);
    const value = make();
    this.#held.set(name, { value, offers: 1 });
    return value;
  }

  get(name: string): Value | undefined {
    return this.#held.get(name)?.value;
  }

  /** The names that are kept, ascending. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** How many offers were of names that are not kept. */
  get leftOut(): number {
    return this.#leftOut;
  }

  #dropLast(): void {
    const last = this.#names.pop()!;
    this.#leftOut += this.#held.get(last)!.offers;
    this.#held.delete(last);
  }

  #placeOf(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
