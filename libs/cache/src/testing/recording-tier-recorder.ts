import { NO_RECORDER, type CacheGauges, type RemovalCause, type TierRecorder } from '#libs/contracts';

/** Remembers how many entries a tier said it removed, and why. */
export class RecordingTierRecorder {
  readonly removals = new Map<RemovalCause, number>();
  #gauges: (() => CacheGauges) | undefined;

  /** What to hand to the tier. */
  readonly port: TierRecorder = {
    ...NO_RECORDER,
    removed: (cause, count = 1) => void this.removals.set(cause, this.count(cause) + count),
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
