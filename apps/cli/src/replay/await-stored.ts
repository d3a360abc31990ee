import type { Clock } from '#libs/time';
import { UnreachableError } from '../command/errors.js';
import { COUNTERS, differences, isAhead, overall } from './counters.js';
import type { Stored } from './stored.js';

export interface AwaitOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Longest time without any progress while the server answers, ms. */
  readonly stuckAfterMs: number;
  /** Longest time without any answer, ms. */
  readonly unreachableAfterMs: number;
  /** Called after each look: the share that is stored, and what is the matter if nobody answers. */
  readonly onLook: (share: number, trouble: string | undefined) => void;
}

const FIRST_POLL_MS = 50;
const SLOWEST_POLL_MS = 1_000;

/**
 * Looks again and again until the database holds what was emitted, or until it cannot any more: it has more than was
 * emitted, nothing has changed for `stuckAfterMs`, or nobody has answered for `unreachableAfterMs`.
 * @returns the last look. @throws UnreachableError when nobody answered for so long.
 */
export async function awaitStored(
  emitted: Stored,
  look: () => Promise<Stored>,
  { clock, signal, stuckAfterMs, unreachableAfterMs, onLook }: AwaitOptions,
): Promise<Stored> {
  let pollMs = FIRST_POLL_MS;
  let answeredAt = clock.monotonic();
  let changedAt = answeredAt;
  let last: Stored | undefined;
  for (;;) {
    try {
      const stored = await look();
      const now = clock.monotonic();
      // While nobody answered, nothing could change: that time is not held against the database.
      if (last === undefined || sizeOf(stored) !== sizeOf(last) || now - answeredAt > stuckAfterMs / 2) {
        changedAt = now;
        pollMs = FIRST_POLL_MS;
      }
      answeredAt = now;
      last = stored;
      onLook(shareOf(emitted, stored), undefined);
      if (isComplete(emitted, stored) || isAhead(emitted.tiers, stored.tiers) || now - changedAt > stuckAfterMs)
        return stored;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      if (clock.monotonic() - answeredAt > unreachableAfterMs) throw error;
      onLook(last === undefined ? 0 : shareOf(emitted, last), error.message);
    }
    await clock.sleep(pollMs, signal);
    pollMs = Math.min(SLOWEST_POLL_MS, pollMs * 1.5);
  }
}

/** The rows of `batches` are inserted apart from the events: the one may show before the other. */
function isComplete(emitted: Stored, stored: Stored): boolean {
  return (
    differences(emitted.tiers, stored.tiers).length === 0 &&
    stored.events >= emitted.events &&
    stored.batches >= emitted.batches
  );
}

/** How much of the requests is stored, 0 to 1. */
export function shareOf(emitted: Stored, stored: Stored): number {
  const { requests } = overall(emitted.tiers);
  return requests === 0 ? 1 : overall(stored.tiers).requests / requests;
}

/** Everything in it only grows, so that any change shows in the sum. */
function sizeOf({ tiers, events, batches }: Stored): number {
  let size = events + batches;
  for (const { counts } of tiers) for (const name of COUNTERS) size += counts[name];
  return size;
}
