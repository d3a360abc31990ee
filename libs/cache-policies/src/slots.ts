/** No slot: entries live in slots from 1 on, so that an array full of zeros links nothing. */
export const NONE = 0;

const FIRST_CAPACITY = 64;

/**
 * What policies know of entries, by slot, in typed arrays: 18 bytes an entry. An entry is in one queue at a time, so
 * that all policies of a cache share one set of links, and an entry moves from one policy to another without a copy.
 */
export class Slots {
  next = new Uint32Array(FIRST_CAPACITY);
  prev = new Uint32Array(FIRST_CAPACITY);
  /** The queue that an entry is in, by its number; 0 for none. */
  queue = new Uint8Array(FIRST_CAPACITY);
  /** What a policy remembers of an entry's use: a saturating count, or a bit. */
  uses = new Uint8Array(FIRST_CAPACITY);
  /** What an entry takes of the budget, in the budget's unit, at least 1. */
  weight = new Uint32Array(FIRST_CAPACITY);
  /** 32 bits of the key's hash: ghosts and sketches know a key by them. */
  hash = new Uint32Array(FIRST_CAPACITY);
  #free: number[] = [];
  #top = 1;

  /** A free slot for an entry; the arrays double when there is none. Amortized O(1). */
  take(hash: number, weight: number): number {
    const slot = this.#free.pop() ?? this.#next();
    this.hash[slot] = hash;
    this.weight[slot] = weight;
    this.uses[slot] = 0;
    this.queue[slot] = 0;
    return slot;
  }

  /** Gives a slot back. No policy may hold it any more. */
  free(slot: number): void {
    this.#free.push(slot);
  }

  /** One past the highest slot ever taken. */
  get end(): number {
    return this.#top;
  }

  clear(): void {
    this.#free = [];
    this.#top = 1;
  }

  #next(): number {
    const slot = this.#top++;
    if (slot >= this.next.length) this.#grow(this.next.length * 2);
    return slot;
  }

  #grow(capacity: number): void {
    this.next = grown(this.next, new Uint32Array(capacity));
    this.prev = grown(this.prev, new Uint32Array(capacity));
    this.queue = grown(this.queue, new Uint8Array(capacity));
    this.uses = grown(this.uses, new Uint8Array(capacity));
    this.weight = grown(this.weight, new Uint32Array(capacity));
    this.hash = grown(this.hash, new Uint32Array(capacity));
  }
}

function grown<Numbers extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}
