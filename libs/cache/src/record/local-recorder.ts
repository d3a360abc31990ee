import { NO_RECORDER, noTotals, type CountingRecorder, type RemovalCause, type TierTotals } from '#libs/contracts';

/** Counts for a cache that no telemetry watches, so that it knows its own figures all the same. Nothing is sampled. */
export class LocalRecorder implements CountingRecorder {
  readonly threshold = 0;
  readonly hashKey = NO_RECORDER.hashKey;
  readonly getTook = NO_RECORDER.getTook;
  readonly gauges = NO_RECORDER.gauges;
  readonly change = NO_RECORDER.change;
  readonly #totals = noTotals();

  hit(): void {
    this.#totals.requests.hit++;
  }

  stale(): void {
    this.#totals.requests.stale++;
  }

  miss(): void {
    this.#totals.requests.miss++;
  }

  negative(): void {
    this.#totals.requests.negative++;
  }

  error(): void {
    this.#totals.requests.error++;
  }

  loaded(): void {
    this.#totals.loads++;
  }

  loadFailed(): void {
    this.#totals.loadErrors++;
  }

  written(): void {
    this.#totals.writes++;
  }

  removed(cause: RemovalCause, count = 1): void {
    this.#totals.removals[cause] += count;
  }

  totals(): TierTotals {
    return structuredClone(this.#totals);
  }
}
