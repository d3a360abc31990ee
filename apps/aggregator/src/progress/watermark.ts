/** Emitters not heard for this long hold nothing up. */
export const SILENT_AFTER_MS = 30_000;

interface Heard {
  acceptedAt: number;
  /** Monotonic ms of this process when the record was handled. */
  handledAt: number;
  closedThrough: number;
}

/**
 * The watermark of one partition: the least, over emitters heard lately, of the time through which their windows are
 * closed, clamped to the accept time; it never goes back. One fast clock cannot close it, one offline laptop cannot
 * stall it. "Lately" is judged by accept times among themselves and by this process's monotonic clock, never by its
 * wall clock, which may be wrong.
 */
export class WatermarkTracker {
  readonly #emitters = new Map<string, Heard>();
  #watermark: number;
  #latestAccept = 0;
  #latestHandled: number;
  readonly #before: { readonly passed: number; readonly at: number };

  /**
   * @param restored ms since 1970, from the last owner; 0 when there was none.
   * @param monotonicMs when the partition was assigned: it is not silent before it could be heard, unless it was before.
   * @param before whether it was silent already, and the time that had passed at the collectors, ms since 1970; 0 when
   * nothing is known.
   */
  constructor(restored: number, monotonicMs: number, before = { silent: false, passed: 0 }) {
    this.#watermark = restored;
    this.#latestHandled = before.silent ? -Infinity : monotonicMs;
    this.#before = { passed: before.passed, at: monotonicMs + (before.silent ? 0 : SILENT_AFTER_MS) };
  }

  /** ms since 1970; 0 when nothing was heard yet. */
  get watermark(): number {
    return this.#watermark;
  }

  /** A record was made durable. `closedThrough` is what its emitter announced, or the time of its latest event. */
  heard(instance: string, acceptedAt: number, closedThrough: number, monotonicMs: number): void {
    const clamped = Math.min(closedThrough, acceptedAt);
    const known = this.#emitters.get(instance);
    if (known === undefined)
      this.#emitters.set(instance, { acceptedAt, handledAt: monotonicMs, closedThrough: clamped });
    else {
      known.acceptedAt = Math.max(known.acceptedAt, acceptedAt);
      known.handledAt = monotonicMs;
      known.closedThrough = Math.max(known.closedThrough, clamped);
    }
    this.#latestAccept = Math.max(this.#latestAccept, acceptedAt);
    this.#latestHandled = monotonicMs;
  }

  /** Moves the watermark on and forgets who is silent. O(emitters). */
  advance(monotonicMs: number): number {
    let least = Infinity;
    for (const [instance, { acceptedAt, handledAt, closedThrough }] of this.#emitters) {
      if (acceptedAt < this.#latestAccept - SILENT_AFTER_MS || handledAt < monotonicMs - SILENT_AFTER_MS)
        this.#emitters.delete(instance);
      else least = Math.min(least, closedThrough);
    }
    if (Number.isFinite(least)) this.#watermark = Math.max(this.#watermark, least);
    return this.#watermark;
  }

  /** Nobody was heard lately. */
  idle(monotonicMs: number): boolean {
    return this.#latestHandled < monotonicMs - SILENT_AFTER_MS;
  }

  /**
   * The time that has surely passed at the collectors, less the silence: the latest accept time, or before the first
   * record what the last owner knew, moved on by the monotonic clock. Undefined when neither is there.
   */
  passed(monotonicMs: number): number | undefined {
    if (this.wasHeard) return this.#latestAccept + (monotonicMs - this.#latestHandled) - SILENT_AFTER_MS;
    const { passed, at } = this.#before;
    return passed === 0 ? undefined : passed + (monotonicMs - at);
  }

  /** Whether this assignment had a record. */
  get wasHeard(): boolean {
    return this.#latestAccept > 0;
  }

  get emitters(): number {
    return this.#emitters.size;
  }
}
