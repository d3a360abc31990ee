/** How the audit got on while it was watched, ms since 1970 by the alerter's clock. */
export interface AuditWatched {
  /** Since when it is watched without a break. */
  readonly from: number;
  /** When the time through which all is checked was last seen to move on; `from` when it never was. */
  readonly movedAt: number;
}

/**
 * Sees whether the audit reaches on. A single look cannot: how far it is behind depends on what there is to check, and
 * one that begins anew, after a restart, goes through days that are long past.
 */
export class AuditWatch {
  #lookedAt = -Infinity;
  #through: number | null = null;
  #watched: AuditWatched = { from: 0, movedAt: 0 };

  /** @param breakMs looks further apart leave a break between them: a machine that slept, a database that was away. */
  constructor(private readonly breakMs: number) {}

  look(at: number, checkedThrough: number | null): AuditWatched {
    const isBroken = at < this.#lookedAt || at - this.#lookedAt > this.breakMs;
    if (isBroken) this.#watched = { from: at, movedAt: at };
    // One that goes back, for what came late or with another owner, has not moved on.
    else if (checkedThrough !== null && checkedThrough > (this.#through ?? -Infinity))
      this.#watched = { ...this.#watched, movedAt: at };
    this.#lookedAt = at;
    this.#through = checkedThrough;
    return this.#watched;
  }
}
