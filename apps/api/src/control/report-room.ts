/** Entries and bytes that may be kept. */
interface Room {
  readonly entries: number;
  readonly bytes: number;
}

/**
 * How much of one kind is kept: reports of one service, answers to one command; and of all of them together. Instances that
 * listen have more room than those of which nobody knows that they do, so that invented ones cannot take it from them.
 */
export const REPORT_ROOM = {
  unknown: { kind: { entries: 1_000, bytes: 2_000_000 }, all: { entries: 10_000, bytes: 20_000_000 } },
  listening: { kind: { entries: 10_000, bytes: 64_000_000 }, all: { entries: 50_000, bytes: 256_000_000 } },
} as const satisfies Record<string, { readonly kind: Room; readonly all: Room }>;

const NOTHING: Room = { entries: 0, bytes: 0 };

/** What is kept of instances, by key `kind/…/instance`; what other processes write is known from the next `replace` on. */
export class ReportRoom {
  readonly #sizes = new Map<string, number>();
  readonly #kinds = new Map<string, Room>();
  #all = NOTHING;

  /** Forgets what it knew, and takes what the store holds. */
  replace(held: Iterable<{ readonly key: string; readonly bytes: number }>): void {
    this.#sizes.clear();
    this.#kinds.clear();
    this.#all = NOTHING;
    for (const { key, bytes } of held) this.add(key, bytes);
  }

  /** Whether an entry may be written. One that does not grow always may. */
  has({ key, bytes }: { readonly key: string; readonly bytes: number }, who: keyof typeof REPORT_ROOM): boolean {
    const before = this.#sizes.get(key);
    const more = { entries: before === undefined ? 1 : 0, bytes: bytes - (before ?? 0) };
    if (more.entries === 0 && more.bytes <= 0) return true;
    const { kind, all } = REPORT_ROOM[who];
    return fits(sum(this.#kinds.get(kindOf(key)) ?? NOTHING, more), kind) && fits(sum(this.#all, more), all);
  }

  add(key: string, bytes: number): void {
    const before = this.#sizes.get(key);
    const more = { entries: before === undefined ? 1 : 0, bytes: bytes - (before ?? 0) };
    this.#sizes.set(key, bytes);
    const kind = kindOf(key);
    this.#kinds.set(kind, sum(this.#kinds.get(kind) ?? NOTHING, more));
    this.#all = sum(this.#all, more);
  }
}

const kindOf = (key: string): string => key.slice(0, key.lastIndexOf('/'));
const sum = (a: Room, b: Room): Room => ({ entries: a.entries + b.entries, bytes: a.bytes + b.bytes });
const fits = (held: Room, room: Room): boolean => held.entries <= room.entries && held.bytes <= room.bytes;
