import {
  NO_RECORDER,
  noTotals,
  type AccessDetails,
  type CountingRecorder,
  type RemovalCause,
  type SampledHash,
  type TierHistograms,
  type TierTotals,
} from '#libs/contracts';
import { WindowHistograms } from '#libs/histogram';

/** Counts for a cache that no telemetry watches, so that it knows its own figures all the same. Nothing is sampled. */
export class LocalRecorder implements CountingRecorder {
  readonly threshold = 0;
  readonly hashKey = NO_RECORDER.hashKey;
  readonly gauges = NO_RECORDER.gauges;
  readonly change = NO_RECORDER.change;
  readonly #settles = new Set<() => void>();
  readonly #totals = noTotals();
  readonly #histograms = new WindowHistograms();

  hit(_hash?: SampledHash, _details?: AccessDetails, savedUs = 0): void {
    this.#totals.requests.hit++;
    this.#totals.costSavedNs += savedUs * 1_000;
  }

  hits(count: number, savedUs: number): void {
    this.#totals.requests.hit += count;
    this.#totals.costSavedNs += savedUs * 1_000;
  }

  settles(settle: () => void): () => void {
    this.#settles.add(settle);
    return () => void this.#settles.delete(settle);
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

  getTook(nanoseconds: number): void {
    this.#histograms.record('getDuration', nanoseconds);
  }

  ageAtHit(milliseconds: number): void {
    this.#histograms.record('ageAtHit', milliseconds);
  }

  ghostHit(misses: number): void {
    this.#totals.ghostHits += misses;
  }

  loaded(nanoseconds?: number): void {
    this.#totals.loads++;
    if (nanoseconds !== undefined) this.#histograms.record('loadDuration', nanoseconds);
  }

  loadFailed(nanoseconds?: number): void {
    this.#totals.loadErrors++;
    if (nanoseconds !== undefined) this.#histograms.record('loadDuration', nanoseconds);
  }

  refreshed(changed: boolean, ageMs: number): void {
    this.#totals.refreshes[changed ? 'changed' : 'unchanged']++;
    this.#histograms.record('ageAtRefresh', ageMs);
  }

  written(): void {
    this.#totals.writes++;
  }

  writeSize(bytes: number): void {
    this.#histograms.record('writeSize', bytes);
  }

  timeToEviction(milliseconds: number): void {
    this.#histograms.record('timeToEviction', milliseconds);
  }

  removed(cause: RemovalCause, count = 1): void {
    this.#totals.removals[cause] += count;
  }

  totals(): TierTotals {
    for (const settle of this.#settles) settle();
    return structuredClone(this.#totals);
  }

  histograms(): TierHistograms {
    return this.#histograms.all();
  }
}
