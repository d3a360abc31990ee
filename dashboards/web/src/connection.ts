import { EventStreamParser, type ServerEvent } from './event-stream.js';

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `retryAt`: epoch ms of the next attempt. */
  | { readonly kind: 'lost'; readonly retryAt: number }
  /** The server needs a key, or refuses the one it was shown. */
  | { readonly kind: 'key needed'; readonly refused: boolean };

export interface ConnectionOptions {
  readonly url: string;
  /** What shows the key; empty without one. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly onEvent: (event: ServerEvent) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** The server sends a heartbeat at least every 15 s; after twice that the other end is gone. */
const SILENCE_MS = 35_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** Holds a stream of events open: reconnects with a growing, jittered wait, at once when the machine comes online. */
export class Connection {
  #abort: AbortController | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #waitMs = FIRST_RETRY_MS;

  constructor(private readonly options: ConnectionOptions) {
    addEventListener('online', () => this.open());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#retry !== undefined) this.open();
    });
  }

  /** Opens the stream, in place of one that is open. */
  open(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#read(abort).catch(() => {
      if (abort.signal.aborted && this.#abort !== abort) return;
      this.#lost();
    });
  }

  async #read(abort: AbortController): Promise<void> {
    const { url, onEvent, onState } = this.options;
    const headers = this.options.headers();
    let silence = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const response = await fetch(url, {
        signal: abort.signal,
        cache: 'no-store',
        headers,
      });
      if (response.status === 401 || response.status === 403) {
        onState({ kind: 'key needed', refused: 'authorization' in headers });
        return;
      }
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
      onState({ kind: 'live' });
      this.#waitMs = FIRST_RETRY_MS;
      const parser = new EventStreamParser();
      const text = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await text.read(); !piece.done; piece = await text.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENCE_MS);
        for (const event of parser.push(piece.value)) onEvent(event);
      }
      throw new Error('The stream ended.');
    } finally {
      clearTimeout(silence);
    }
  }

  #lost(): void {
    const waitMs = this.#waitMs * (0.75 + Math.random() / 2);
    this.#waitMs = Math.min(LONGEST_RETRY_MS, this.#waitMs * 2);
    this.options.onState({ kind: 'lost', retryAt: Date.now() + waitMs });
    this.#retry = setTimeout(() => this.open(), waitMs);
  }
}
