/** What a look at one chunk found. */
export interface Finding {
  /** Events that were looked at. */
  readonly checked: number;
  /** Events that should be there and are not. */
  readonly lost: number;
  /** Events that are there and should not be. */
  readonly duplicated: number;
  /** Records of the log that did not count, since other bytes have their identity. */
  readonly conflicts: number;
}

export const NOTHING_FOUND: Finding = { checked: 0, lost: 0, duplicated: 0, conflicts: 0 };

/** What is looked at at once: `at` is where it starts, ms since 1970 or an offset. */
export interface Chunk {
  readonly at: number;
  /** How much it holds. When that changes, what was found before says nothing about the rest. */
  readonly size: number;
}

/** One thing to do: find out which chunks a range of slices has, or look at a chunk. */
export type Step =
  { readonly kind: 'list'; readonly slices: readonly number[] } | { readonly kind: 'look'; readonly chunk: Chunk };

interface ChunkState {
  size: number;
  /** Its size when it was looked at; undefined when it never was, or when the last look failed. */
  seen: number | undefined;
  /** Whether the last look failed: then it waits for the rotation, behind all that was not tried yet. */
  failed: boolean;
  /** The cycle in which it was looked at. */
  cycle: number;
  finding: Finding;
  /** ms since 1970 up to which its records came, as the look found. */
  through: number;
}

interface SliceState {
  readonly chunks: Map<number, ChunkState>;
  /** Where its chunks start, ascending. */
  readonly starts: readonly number[];
  /** The round in which its chunks were listed. */
  listed: number;
  /** Chunks that were never looked at, or have changed since. */
  readonly fresh: Set<number>;
  /** Those of them whose turn is next: that did not fail, and are not in doubt. */
  readonly untried: Set<number>;
  /** Whether the last listing failed: its chunks are those of an earlier one, and may be not all. */
  unlisted: boolean;
}

/**
 * What is known of one scope, and what to do next. A scope is a line of slices (days, hours, ranges of offsets), each of
 * which holds chunks. Which chunks a slice has is asked for slice by slice, so that no round needs to know everything.
 *
 * Each round first lists the newest slices. Chunks that are new or have grown since they were looked at come before all
 * others; the rest follows by rotation, slice by slice. What was found in a chunk stands until it is looked at again. One
 * that could not be looked at, or a slice that could not be listed, counts as missing and is tried again once a cycle:
 * it holds up nothing else. One that is in doubt is neither looked at nor missing until somebody says which, and a cycle
 * ends after that.
 *
 * What the next step is takes as long as a search in a sorted list, however many slices and chunks there are.
 * Knows nothing of time or of tables.
 */
export class Findings {
  readonly #slices = new Map<number, SliceState>();
  #order: readonly number[] = [];
  #edge: readonly number[] = [];
  /** Slices with chunks whose turn is next: few, since nothing else is listed before they are through. */
  readonly #fresh = new Set<number>();
  /** Chunks in doubt. */
  readonly #doubted = new Map<number, Chunk>();
  #round = 0;
  #cycle = 0;
  /** The slice that the rotation is in, and the last one that it is done with. */
  #entered: number | undefined;
  #left = -Infinity;
  /** Chunks of the slice it is in through which all had their turn in this cycle. */
  #passed = -Infinity;
  #wrapped = false;
  /** Whether a look or a listing failed in this cycle. */
  #failed = false;
  /** Whether this cycle is through but for the chunks in doubt. */
  #ending = false;
  /** Whether which chunks the newest slice has could not be found out when it was last asked for. */
  newestUnlisted = false;
  /** Cycles in which everything was looked at. */
  fullRounds = 0;

  /**
   * Begins a round.
   * @param slices all there are, ascending; what is known of others is forgotten.
   * @param listEdge whether to list the newest ones anew.
   */
  begin(slices: readonly number[], listEdge: boolean): void {
    const existing = new Set(slices);
    for (const slice of this.#slices.keys())
      if (!existing.has(slice)) {
        this.#slices.delete(slice);
        this.#fresh.delete(slice);
      }
    this.#order = slices;
    // Nobody looked again at what was in doubt.
    for (const chunk of this.#doubted.values()) this.failed(chunk);
    this.newestUnlisted &&= slices.length > 0;
    this.#round++;
    this.#wrapped = false;
    this.#edge = listEdge ? this.#newest() : [];
  }

  /** Undefined when everything was done once in this round. */
  next(): Step | undefined {
    if (this.#edge.length > 0) {
      const slices = this.#edge;
      this.#edge = [];
      return { kind: 'list', slices };
    }
    if (this.#fresh.size > 0) {
      const { chunks, untried } = this.#slices.get(Math.min(...this.#fresh))!;
      const [at] = untried;
      return { kind: 'look', chunk: { at: at!, size: chunks.get(at!)!.size } };
    }
    return this.#rotate();
  }

  /** These slices hold exactly these chunks, ascending. */
  listed(slices: readonly number[], chunks: readonly Chunk[]): void {
    slices.forEach((slice, index) => {
      const end = slices[index + 1] ?? Infinity;
      const before = this.#slices.get(slice)?.chunks;
      const held = chunks.filter(({ at }) => at >= slice && at < end);
      const state = emptySlice({ starts: held.map(({ at }) => at), listed: this.#round });
      for (const { at, size } of held) {
        const known = before?.get(at) ?? {
          size,
          seen: undefined,
          failed: false,
          cycle: -1,
          finding: NOTHING_FOUND,
          through: 0,
        };
        known.failed &&= known.size === size;
        known.size = size;
        state.chunks.set(at, known);
        if (known.seen === size) continue;
        state.fresh.add(at);
        if (!known.failed && !this.#doubted.has(at)) state.untried.add(at);
      }
      this.#slices.set(slice, state);
      this.#index(slice, state);
    });
    if (slices.includes(this.#order.at(-1)!)) this.newestUnlisted = false;
  }

  /** Which chunks these slices have could not be found out. Several in a row are left to the rotation, one by one. */
  unlisted(slices: readonly number[]): void {
    const isOne = slices.length === 1;
    for (const slice of slices) {
      const state = this.#slices.get(slice) ?? emptySlice();
      state.unlisted = true;
      // One is not asked for again in this round.
      if (isOne) state.listed = this.#round;
      this.#slices.set(slice, state);
    }
    this.#failed ||= isOne;
    if (slices.includes(this.#order.at(-1)!)) this.newestUnlisted = true;
  }

  /** A chunk, as it was when it was handed out, was looked at. */
  looked(chunk: Chunk, finding: Finding, through = chunk.at): void {
    this.#tried(chunk, (known, state) => {
      known.seen = chunk.size;
      known.failed = false;
      known.finding = finding;
      known.through = through;
      // It may have grown while it was looked at.
      if (known.size === chunk.size) state.fresh.delete(chunk.at);
      else state.untried.add(chunk.at);
    });
  }

  /** A chunk could not be looked at. */
  failed(chunk: Chunk): void {
    this.#tried(chunk, (known, state) => {
      known.seen = undefined;
      known.failed = true;
      state.fresh.add(chunk.at);
      this.#failed = true;
    });
  }

  /** A chunk must be looked at again before it can be said what it holds: it is not handed out until then. */
  doubted(chunk: Chunk): void {
    this.#tried(chunk, () => this.#doubted.set(chunk.at, chunk));
  }

  /** A chunk had its turn. What is gone since says nothing, but a cycle that waits for it may end. */
  #tried(chunk: Chunk, how: (known: ChunkState, state: SliceState) => void): void {
    this.#doubted.delete(chunk.at);
    const slice = this.#order[above(this.#order, chunk.at) - 1];
    const state = slice === undefined ? undefined : this.#slices.get(slice);
    const known = state?.chunks.get(chunk.at);
    if (slice !== undefined && state !== undefined && known !== undefined) {
      known.cycle = this.#cycle;
      state.untried.delete(chunk.at);
      how(known, state);
      this.#index(slice, state);
    }
    if (this.#ending && this.#doubted.size === 0) this.#endCycle();
  }

  #index(slice: number, { untried }: SliceState): void {
    if (untried.size > 0) this.#fresh.add(slice);
    else this.#fresh.delete(slice);
  }

  get total(): Finding {
    return sumOf(this.#states().map(({ finding }) => finding));
  }

  /**
   * The end of what has been looked at without a gap from the beginning, each chunk since it last grew: the chunk or
   * slice that has not, and through what time the one before it goes (0 for none). Undefined when nothing is missing.
   */
  get firstMissing(): { readonly at: number; readonly through: number } | undefined {
    let through = 0;
    for (const slice of this.#order) {
      const state = this.#slices.get(slice);
      if (state === undefined || state.unlisted) return { at: slice, through };
      for (const [at, chunk] of state.chunks) {
        if (state.fresh.has(at)) return { at, through };
        through = chunk.through;
      }
    }
    return undefined;
  }

  /** What the newest chunk is known to reach, 0 for none. */
  get newestThrough(): number {
    let newest = 0;
    for (const { through } of this.#states()) newest = Math.max(newest, through);
    return newest;
  }

  #states(): ChunkState[] {
    return [...this.#slices.values()].flatMap(({ chunks }) => [...chunks.values()]);
  }

  /** The last slice, and those before it that are known to be empty, through the last that is not: all that may grow. */
  #newest(): number[] {
    let from = this.#order.length - 1;
    while (from > 0) {
      const before = this.#slices.get(this.#order[from - 1]!);
      const here = this.#slices.get(this.#order[from]!);
      const holdsSome = here !== undefined && here.chunks.size > 0;
      if (holdsSome || before === undefined || before.unlisted) break;
      from--;
    }
    return this.#order.slice(Math.max(0, from));
  }

  #rotate(): Step | undefined {
    while (!this.#wrapped) {
      const slice = this.#order[above(this.#order, this.#left)];
      if (slice === undefined) {
        this.#wrapped = true;
        this.#ending = true;
        if (this.#doubted.size === 0) this.#endCycle();
        break;
      }
      const state = this.#slices.get(slice);
      // On entering a slice its chunks are listed anew: what came late is found there.
      if (this.#entered !== slice || state === undefined) {
        this.#entered = slice;
        this.#passed = -Infinity;
        if (state?.listed !== this.#round) return { kind: 'list', slices: [slice] };
      }
      for (let next = above(state.starts, this.#passed); next < state.starts.length; next++) {
        const at = state.starts[next]!;
        const { cycle, size } = state.chunks.get(at)!;
        if (cycle < this.#cycle) return { kind: 'look', chunk: { at, size } };
        this.#passed = at;
      }
      this.#left = slice;
    }
    return undefined;
  }

  #endCycle(): void {
    this.#ending = false;
    this.#left = -Infinity;
    this.#entered = undefined;
    this.#cycle++;
    if (!this.#failed) this.fullRounds++;
    this.#failed = false;
  }
}

/** One of which nothing is known. */
function emptySlice(over: Partial<SliceState> = {}): SliceState {
  return {
    chunks: new Map(),
    starts: [],
    listed: 0,
    fresh: new Set(),
    untried: new Set(),
    unlisted: false,
    ...over,
  };
}

/** The index of the first of ascending numbers that is greater, by halves. */
function above(numbers: readonly number[], than: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! > than) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function sumOf(findings: Iterable<Finding>): Finding {
  let total = NOTHING_FOUND;
  for (const { checked, lost, duplicated, conflicts } of findings)
    total = {
      checked: total.checked + checked,
      lost: total.lost + lost,
      duplicated: total.duplicated + duplicated,
      conflicts: total.conflicts + conflicts,
    };
  return total;
}

/** The worse of what was known and what is found, while not all of it has been looked at again. */
export function worse(known: Finding, found: Finding): Finding {
  return {
    ...found,
    lost: Math.max(known.lost, found.lost),
    duplicated: Math.max(known.duplicated, found.duplicated),
    conflicts: Math.max(known.conflicts, found.conflicts),
  };
}

/** What two looks at one chunk agree on: a difference that was gone at the second look was work in progress. */
export function confirmed(first: Finding, second: Finding): Finding {
  return {
    ...second,
    lost: Math.min(first.lost, second.lost),
    duplicated: Math.min(first.duplicated, second.duplicated),
  };
}
