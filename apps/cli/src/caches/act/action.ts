import type { Clock } from '#libs/time';
import type { Server } from '../../http/server.js';
import type { InstanceOutcome } from './outcome.js';
import type { Place } from './place.js';

export interface ActParts {
  readonly server: Server;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest wait for the instances, ms. */
  readonly waitMs: number;
}

export interface Acted {
  readonly revision: number | null;
  readonly command: string | null;
  /** Tiers whose entries and bytes are counted: what several hold counts once in each. */
  readonly tiers: readonly string[];
  /** What to type behind `alperf` to have desired what was before, when something that is refused stays desired. */
  readonly takeBack?: string;
  readonly instances: readonly InstanceOutcome[];
}

/** Something that is done with a cache from afar. */
export interface Action {
  /** As the command calls it: `clear`. */
  readonly name: string;
  /**
   * Nothing is asked, nor done, that would be of no use.
   * @throws CliError when no instance that listens would take it
   */
  mustBeOfUse(place: Place, parts: ActParts): Promise<void>;
  /** Whether a person is to agree to this. */
  needsConsent(would: Acted): boolean;
  /** What it would do. Changes nothing. */
  tryOut(place: Place, parts: ActParts): Promise<Acted>;
  /** Does it, and waits for the instances. */
  perform(place: Place, parts: ActParts): Promise<Acted>;
}

/** How often the instances are looked at while they are waited for, ms. */
const LOOK_EVERY_MS = 200;

/** Looks until it is enough, or the time is over; the last look. */
export async function untilEnough<Seen>(
  look: () => Promise<Seen>,
  isEnough: (seen: Seen) => boolean,
  { clock, signal, waitMs }: Pick<ActParts, 'clock' | 'signal' | 'waitMs'>,
): Promise<Seen> {
  const until = clock.monotonic() + waitMs;
  for (;;) {
    const seen = await look();
    if (isEnough(seen) || clock.monotonic() >= until) return seen;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Why an instance has not acknowledged. Pure. */
export function awayReason(connected: boolean, waitMs: number, later: string): string {
  return connected ? `no answer within ${waitMs / 1_000} s` : `not connected${later === '' ? '' : `; ${later}`}`;
}
