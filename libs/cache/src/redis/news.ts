import type { Selection } from '../tier/tier.js';
import { fromBytes } from './key-bytes.js';

/**
 * What other instances say they removed or overwrote: `[instance][k t p a][key, tag or prefix]`. It is passed on a turn
 * later: after the answers that came before the message, so that what they filled is dropped, too.
 */
export class RedisNews {
  #listener: ((selection: Selection) => void) | undefined;
  #heard: Selection[] = [];
  /** Something was told while nobody listened. */
  #missed = false;
  #closed = false;

  /** `instance`: what the tier's own messages begin with, which are none to it. */
  constructor(private readonly instance: string) {}

  listen(listener: (selection: Selection) => void): void {
    this.#listener = listener;
    if (this.#missed) this.pass({ all: true });
    this.#missed = false;
  }

  close(): void {
    this.#closed = true;
  }

  hear(message: Buffer): void {
    const from = this.instance.length;
    if (message.toString('latin1', 0, from) === this.instance) return;
    const what = message.subarray(from + 1);
    switch (message.toString('latin1', from, from + 1)) {
      case 'k':
        return this.pass({ key: fromBytes(what) });
      case 't':
        return this.pass({ tag: fromBytes(what) });
      case 'p':
        return this.pass({ prefix: fromBytes(what) });
      default:
        return this.pass({ all: true });
    }
  }

  pass(selection: Selection): void {
    if (this.#closed) return;
    if (this.#listener === undefined) {
      this.#missed = true;
      return;
    }
    this.#heard.push(selection);
    if (this.#heard.length > 1) return;
    setImmediate(() => {
      const heard = this.#heard;
      this.#heard = [];
      for (const one of heard) this.#listener?.(one);
    });
  }
}
