/**
 * The distinct values of many dimensions, each with its cap, all with one bound together. Two generations: what was not
 * seen for a whole rotation is forgotten, so that versions and names that went out of use make room.
 */
export class DistinctValues {
  #current = new Map<string, Set<string>>();
  #previous = new Map<string, Set<string>>();
  #size = 0;
  #rotatedAt: number | undefined;

  constructor(private readonly options: { readonly total: number; readonly rotateMs: number }) {}

  /** Values held in the present generation; the one before holds no more than the bound either. */
  get size(): number {
    return this.#size;
  }

  /** Starts a new generation when it is time, and says so. Call it once per batch. */
  rotate(nowMs: number): boolean {
    this.#rotatedAt ??= nowMs;
    // Either way: a clock set back must not stop it.
    if (Math.abs(nowMs - this.#rotatedAt) < this.options.rotateMs) return false;
    this.#rotatedAt = nowMs;
    this.#previous = this.#current;
    this.#current = new Map();
    this.#size = 0;
    return true;
  }

  /** The values of a dimension, to ask many times; valid until the next `rotate`. */
  dimension(name: string, cap: number): Dimension {
    let current = this.#current.get(name);
    if (current === undefined) {
      // A dimension counts as a value, so that many of them are bounded, too.
      if (this.#size >= this.options.total) return FULL;
      this.#size++;
      this.#current.set(name, (current = new Set()));
    }
    const previous = this.#previous.get(name);
    const values = current;
    return {
      admits: (value) => {
        if (values.has(value)) return true;
        // What was within the cap before stays so, as long as there is room at all.
        if (values.size >= cap || this.#size >= this.options.total) return previous?.has(value) ?? false;
        values.add(value);
        this.#size++;
        return true;
      },
    };
  }
}

/** The dimension that there was no room for. */
export const FULL: Dimension = { admits: () => false };

export interface Dimension {
  /** Whether the value is, or now becomes, one of those within the cap. */
  admits(value: string): boolean;
}
