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
  readonly #queue = new Set<() => void>();

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
    const { promise, resolve } = Promise.withResolvers<void>();
    let state: 'waits' | 'runs' | 'left' = 'waits';
    const start = () => {
      this.#queue.delete(start);
      state = 'runs';
      this.#running++;
      resolve();
    };
    this.#queue.add(start);
    this.#admit();
    return {
      turn: promise,
      get waits() {
        return state === 'waits';
      },
      hurry: () => {
        if (state === 'waits') start();
      },
      leave: () => {
        if (state === 'runs') this.#running--;
        this.#queue.delete(start);
        state = 'left';
        this.#admit();
      },
    };
  }

  #admit(): void {
    for (const start of this.#queue) {
      if (this.#running >= this.#limit) return;
      start();
    }
  }
}
