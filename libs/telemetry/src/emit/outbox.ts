import type { FinalBatch } from './final-batch.js';

/**
 * Final batches on their way, the live ones of this run and the backlog of earlier ones, each in their own order. Both
 * take turns, so that a returning laptop's backlog does not hold up what happens now.
 */
export class Outbox {
  readonly #live: FinalBatch[] = [];
  readonly #backlog: FinalBatch[] = [];
  #liveNext = true;

  get length(): number {
    return this.#live.length + this.#backlog.length;
  }

  get backlog(): number {
    return this.#backlog.length;
  }

  get live(): readonly FinalBatch[] {
    return this.#live;
  }

  addLive(batch: FinalBatch): void {
    this.#live.push(batch);
  }

  addBacklog(batch: FinalBatch): void {
    this.#backlog.push(batch);
  }

  /** The batch to send next; it stays until `remove`. */
  next(): FinalBatch | undefined {
    const [first, second] = this.#liveNext ? [this.#live, this.#backlog] : [this.#backlog, this.#live];
    return first[0] ?? second[0];
  }

  /** The batch is done with, one way or another. */
  remove(batch: FinalBatch): void {
    for (const list of [this.#live, this.#backlog]) {
      const at = list.indexOf(batch);
      if (at >= 0) list.splice(at, 1);
    }
    this.#liveNext = !this.#liveNext;
  }
}
