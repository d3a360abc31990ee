import type { BatchHeader } from '#libs/contracts';

export type DropReason = keyof NonNullable<BatchHeader['dropped']>;

/** Dropped events by reason. */
export type Dropped = Readonly<Partial<Record<DropReason, number>>>;

/** What the emitter did since it started. Events unless the name says otherwise. */
export interface TelemetryStats {
  readonly queued: number;
  readonly queuedBytes: number;
  /** Final batches that no collector has acknowledged yet. */
  readonly unacknowledgedBatches: number;
  readonly spoolBytes: number;
  readonly sentBatches: number;
  readonly accepted: number;
  readonly rejected: number;
  /** `stopped`: emitted after the shutdown. No batch comes after it, so that these alone are never announced. */
  readonly dropped: Dropped & { readonly stopped?: number };
  readonly retries: number;
  /** Times that something failed inside telemetry, which its host never sees. */
  readonly errors: number;
  /** Label sets counted under __other__. */
  readonly capped: number;
  /** Longest time that telemetry held the event loop at once, ms. */
  readonly longestSliceMs: number;
}

/** Something went wrong inside telemetry. `code` is one of few. */
export interface TelemetryProblem {
  readonly code:
    | 'internal'
    | 'callback'
    | 'unreachable'
    | 'refused'
    | 'unauthorized'
    | 'rejected'
    | 'spool'
    | 'metric'
    | 'dropped'
    | 'control';
  readonly message: string;
  readonly cause?: unknown;
}

/** Counts, and what was dropped since the last batch announced it. */
export class Counters {
  sentBatches = 0;
  accepted = 0;
  rejected = 0;
  retries = 0;
  errors = 0;
  capped = 0;
  readonly dropped: Partial<Record<DropReason | 'stopped', number>> = {};
  #unannounced: Partial<Record<DropReason, number>> = {};
  readonly #onError: ((problem: TelemetryProblem) => void) | undefined;

  constructor(onError?: (problem: TelemetryProblem) => void) {
    this.#onError = onError;
  }

  drop(reason: DropReason, events: number): void {
    if (events === 0) return;
    this.dropped[reason] = (this.dropped[reason] ?? 0) + events;
    this.#unannounced[reason] = (this.#unannounced[reason] ?? 0) + events;
  }

  /** An event came after the end: only the stats say so. */
  dropStopped(): void {
    this.dropped.stopped = (this.dropped.stopped ?? 0) + 1;
  }

  /** The batch that announced these will never be accepted: the next one has to. */
  announceAgain(dropped: Dropped | undefined): void {
    for (const [reason, events] of Object.entries(dropped ?? {}) as [DropReason, number][])
      this.#unannounced[reason] = (this.#unannounced[reason] ?? 0) + events;
  }

  get hasUnannounced(): boolean {
    return Object.keys(this.#unannounced).length > 0;
  }

  /** What the batch being made must announce; it is announced once. */
  takeUnannounced(): Dropped | undefined {
    if (!this.hasUnannounced) return undefined;
    const taken = this.#unannounced;
    this.#unannounced = {};
    return taken;
  }

  problem(code: TelemetryProblem['code'], message: string, cause?: unknown): void {
    this.errors++;
    try {
      this.#onError?.({ code, message, cause });
    } catch {
      // The host's own hook failed: counting it is all that is left to do.
      this.errors++;
    }
  }

  /** Runs what must never throw into the host. */
  guard<Result>(work: () => Result, otherwise: Result): Result {
    try {
      return work();
    } catch (cause) {
      this.problem('internal', 'Telemetry failed and went on.', cause);
      return otherwise;
    }
  }
}
