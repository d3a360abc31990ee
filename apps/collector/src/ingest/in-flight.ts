import { HttpProblem } from '#libs/operations';

/** Bounds the bytes of requests that are being received, checked or written. */
export class InFlight {
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Reserves room for a request; the function returned gives it back, once. @throws HttpProblem OVERLOADED */
  reserve(bytes: number): () => void {
    // A single request always fits an idle collector, however small the bound.
    if (this.#bytes > 0 && this.#bytes + bytes > this.maxBytes)
      throw new HttpProblem('OVERLOADED', 'Too many bytes are on their way already.', { retryAfterMs: 1_000 });
    this.#bytes += bytes;
    let held = true;
    return () => {
      if (held) this.#bytes -= bytes;
      held = false;
    };
  }
}
