/** Letters by cause. */
export type Letters = readonly { readonly cause: string; readonly letters: number }[];

/**
 * Dead letters that came between looks. Their accept time does not say it: after an outage of the aggregator letters of
 * long ago are written.
 */
export class LetterArrivals {
  #counted: ReadonlyMap<string, number> | undefined;
  #arrived: readonly { readonly at: number; readonly cause: string; readonly letters: number }[] = [];

  constructor(private readonly windowMs: number) {}

  /** @param counts All letters that are kept. @returns what came within the window, as far as there were looks in it. */
  look(at: number, counts: Letters): Letters {
    const before = this.#counted;
    this.#counted = new Map(counts.map(({ cause, letters }) => [cause, letters]));
    // Old ones are dropped now and then: what falls is no arrival.
    const rises = counts.map(({ cause, letters }) => ({
      at,
      cause,
      letters: before === undefined ? 0 : letters - (before.get(cause) ?? 0),
    }));
    this.#arrived = [...this.#arrived, ...rises].filter((one) => one.letters > 0 && one.at > at - this.windowMs);
    const sums = new Map<string, number>();
    for (const { cause, letters } of this.#arrived) sums.set(cause, (sums.get(cause) ?? 0) + letters);
    return [...sums].map(([cause, letters]) => ({ cause, letters }));
  }
}

/** Of each cause the larger number, most first. */
export function larger(one: Letters, other: Letters): Letters {
  const most = new Map<string, number>();
  for (const { cause, letters } of [...one, ...other]) most.set(cause, Math.max(letters, most.get(cause) ?? 0));
  return [...most].map(([cause, letters]) => ({ cause, letters })).sort((a, b) => b.letters - a.letters);
}
