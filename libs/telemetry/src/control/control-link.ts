import type { InstanceReport } from '#libs/contracts';
import type { StreamEvent } from './sse-parser.js';

/** How a stream, or a report, ended. */
export interface LinkAnswer {
  /** HTTP status; 200 for a stream that ended, 204 for a report that was taken. */
  readonly status: number;
  /** The Retry-After header as it came. */
  readonly retryAfter?: string | undefined;
}

/** Carries the control channel to the API and back. It never retries: that is the client's work. */
export abstract class ControlLink {
  /**
   * Listens until the stream ends, the API refuses, or the signal aborts. `onBytes` is called for whatever comes, comments
   * too. Rejects when there was no answer, or the connection broke.
   * @param who with `ageMs`, the time since it listened for the first time: what was given before is not for it.
   * @param after id of the last event that was taken in.
   */
  abstract listen(
    who: { readonly service: string; readonly instance: string; readonly ageMs: number },
    after: string | undefined,
    on: { readonly event: (event: StreamEvent) => void; readonly bytes: () => void },
    signal: AbortSignal,
  ): Promise<LinkAnswer>;

  /** Rejects when there was no answer. */
  abstract report(report: InstanceReport, signal: AbortSignal): Promise<LinkAnswer>;
}
