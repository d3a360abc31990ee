/** Where a batch lies in its segment. */
export interface Place {
  readonly token: number;
  readonly headerAt: number;
  readonly bodyAt: number;
  readonly bodyLength: number;
}

const FIELDS = 4;
const DONE = -1;

/**
 * Where the batches of one segment lie that are not acknowledged, in the order of their tokens, which only grow. One flat
 * list of numbers: as an object each, the 100,000 batches of a full spool were copied by one collection after the other,
 * which held the host up for up to 10 ms at a time.
 */
export class Places {
  /** Of each: token, where header and body start, and the body's length, or DONE. */
  readonly #fields: number[] = [];
  #size = 0;

  /** How many are not acknowledged. */
  get size(): number {
    return this.#size;
  }

  add({ token, headerAt, bodyAt, bodyLength }: Place): void {
    this.#fields.push(token, headerAt, bodyAt, bodyLength);
    this.#size++;
  }

  get(token: number): Place | undefined {
    const at = this.#find(token);
    return at === undefined ? undefined : this.#placeAt(at);
  }

  /** Whether it was there. */
  delete(token: number): boolean {
    const at = this.#find(token);
    if (at === undefined) return false;
    this.#fields[at + FIELDS - 1] = DONE;
    this.#size--;
    return true;
  }

  hasAfter(token: number): boolean {
    return this.after(token, 1).length > 0;
  }

  /** The first ones whose tokens are larger, at most `max`. */
  after(token: number, max: number): readonly Place[] {
    const found: Place[] = [];
    for (let at = this.#firstFrom(token + 1); at < this.#fields.length && found.length < max; at += FIELDS)
      if (!this.#isDone(at)) found.push(this.#placeAt(at));
    return found;
  }

  #find(token: number): number | undefined {
    const at = this.#firstFrom(token);
    return this.#fields[at] === token && !this.#isDone(at) ? at : undefined;
  }

  /** Where the first one is whose token is not smaller. */
  #firstFrom(token: number): number {
    let [low, high] = [0, this.#fields.length / FIELDS];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#fields[middle * FIELDS]! < token) low = middle + 1;
      else high = middle;
    }
    return low * FIELDS;
  }

  #isDone(at: number): boolean {
    return this.#fields[at + FIELDS - 1] === DONE;
  }

  #placeAt(at: number): Place {
    const [token, headerAt, bodyAt, bodyLength] = this.#fields.slice(at, at + FIELDS) as [
      number,
      number,
      number,
      number,
    ];
    return { token, headerAt, bodyAt, bodyLength };
  }
}
