import type { Event, LoadFinished, LoadStalled } from '#libs/contracts';
import { hashToHex, type KeyHasher } from '#libs/sampling';
import type { Clock } from '#libs/time';
import type { Counters } from '../stats.js';

/** A finished load; `resourceKey` is hashed with the salt and never leaves. Durations in nanoseconds. */
export type FinishedLoad = Omit<LoadFinished, 'kind' | 'time' | 'resourceHash'> & { readonly resourceKey?: string };
export type StalledLoad = Omit<LoadStalled, 'kind' | 'time' | 'resourceHash'> & { readonly resourceKey?: string };

export interface LoadRecorderOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly emit: (event: Event) => void;
  readonly hasher: KeyHasher | undefined;
}

/** Records loads for people: documents, pages, covers, searches. */
export class LoadRecorder {
  readonly #options: LoadRecorderOptions;

  constructor(options: LoadRecorderOptions) {
    this.#options = options;
  }

  /** A load ended now, well or not. */
  finished({ resourceKey, ...load }: FinishedLoad): void {
    const { emit, clock, counters } = this.#options;
    counters.guard(
      () => emit({ kind: 'load.finished', time: clock.now(), ...whole(load), ...this.#hash(resourceKey) }),
      undefined,
    );
  }

  /** A load is found to be stuck now. */
  stalled({ resourceKey, ...load }: StalledLoad): void {
    const { emit, clock, counters } = this.#options;
    counters.guard(
      () => emit({ kind: 'load.stalled', time: clock.now(), ...whole(load), ...this.#hash(resourceKey) }),
      undefined,
    );
  }

  #hash(key: string | undefined): { resourceHash?: string } {
    const { hasher } = this.#options;
    return key === undefined || hasher === undefined ? {} : { resourceHash: hashToHex(hasher.hash(key)) };
  }
}

/** Durations measured as fractions of a millisecond are seldom whole nanoseconds; events hold integers. */
function whole<Load extends object>(load: Load): Load {
  return Object.fromEntries(
    Object.entries(load).map(([name, value]) => [name, typeof value === 'number' ? Math.round(value) : value]),
  ) as Load;
}
