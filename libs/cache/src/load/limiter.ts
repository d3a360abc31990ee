/** A place in the queue, and then a permit. */
export interface Permit {
  /** Resolves when it is this one's turn. */
  readonly turn: Promise<void>;
  /** Whether it waits. */
  readonly waits: boolean;
  /** Lets it through at once, beyond the limit: someone who holds a permit waits for it. */
  hurry(): void;
  /** Gives the permit, or the place in the queue, back. Harmless when it was. */
  leave(): void;
}

/** Lets so many through at a time, and the others in the order they came. */
export class Limiter {
  #limit: number;
  #running = 0;
  readonly #queue = new Set<Place>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** A lower limit is reached as those who run leave. */
  setLimit(limit: number): void {
    this.#limit = limit;
    this.#admit();
  }

  enter(): Permit {
    const place = new Place(this);
    if (this.#queue.size === 0 && this.#running < this.#limit) this.start(place);
    else this.#queue.add(place);
    return place;
  }

  /** For its places. */
  start(place: Place): void {
    this.#queue.delete(place);
    this.#running++;
    place.begin();
  }

  /** For its places: one that ran is done, or one that waits gives up. */
  left(place: Place, ran: boolean): void {
    if (ran) this.#running--;
    else this.#queue.delete(place);
    this.#admit();
  }

  #admit(): void {
    for (const place of this.#queue) {
      if (this.#running >= this.#limit) return;
      this.start(place);
    }
  }
}

class Place implements Permit {
  #state: 'waits' | 'runs' | 'left' = 'waits';
  /** Made when somebody waits: mostly nobody has to. */
  #turn: PromiseWithResolvers<void> | undefined;

  constructor(private readonly limiter: Limiter) {}

  get turn(): Promise<void> {
    this.#turn ??= Promise.withResolvers();
    if (this.#state === 'runs') this.#turn.resolve();
    return this.#turn.promise;
  }

  get waits(): boolean {
    return this.#state === 'waits';
  }

  begin(): void {
    this.#state = 'runs';
    this.#turn?.resolve();
  }

  hurry(): void {
    if (this.#state === 'waits') this.limiter.start(this);
  }

  leave(): void {
    if (this.#state === 'left') return;
    const ran = this.#state === 'runs';
    this.#state = 'left';
    this.limiter.left(this, ran);
  }
}
