import type { LineRejection } from './gather.js';

/**
 * Counts all rejections and keeps those of the lowest lines: a file may have millions. They need not come in order: the
 * collector's come after the next lines have been looked at. Pure; at most twice `most` are held.
 */
export class FirstRejections {
  #count = 0;
  #kept: LineRejection[] = [];

  constructor(private readonly most: number) {}

  add(rejection: LineRejection): void {
    this.#count += 1;
    this.#kept.push(rejection);
    if (this.#kept.length >= 2 * this.most) this.#kept = this.shown;
  }

  get count(): number {
    return this.#count;
  }

  /** The first ones by line. */
  get shown(): LineRejection[] {
    return this.#kept.toSorted((a, b) => a.line - b.line).slice(0, this.most);
  }

  /** How many are counted and not shown. */
  get leftOut(): number {
    return this.#count - Math.min(this.#count, this.most);
  }
}
