import { NO_RECORDER, type CacheGauges, type RemovalCause, type TierRecorder } from '#libs/contracts';

/** Remembers how many entries a tier said it removed, and why; and what it said of those that it wrote and evicted. */
export class RecordingTierRecorder {
  readonly removals = new Map<RemovalCause, number>();
  /** What each entry takes that was written, bytes. */
  readonly writeSizes: number[] = [];
  /** How old each entry was that was evicted, ms. */
  readonly timesToEviction: number[] = [];
  #gauges: (() => CacheGauges) | undefined;

  /** What to hand to the tier. */
  readonly port: TierRecorder = {
    ...NO_RECORDER,
    removed: (cause, count = 1) => void this.removals.set(cause, this.count(cause) + count),
    writeSize: (bytes) => void this.writeSizes.push(bytes),
    timeToEviction: (ageMs) => void this.timesToEviction.push(ageMs),
    gauges: (read) => void (this.#gauges = read),
  };

  count(cause: RemovalCause): number {
    return this.removals.get(cause) ?? 0;
  }

  /** What the tier would tell at the end of a window; undefined when it tells nothing. */
  get gauges(): CacheGauges | undefined {
    return this.#gauges?.();
  }
}
