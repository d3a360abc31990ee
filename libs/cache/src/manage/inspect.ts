import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { stateOf, type EntryState } from '../load/lifetime.js';
import type { Entry } from '../tier/tier.js';
import { ownInfo } from './own-info.js';
import { entryIn } from './walk.js';

/** What is known of an entry in one tier. Times in ms; what the tier cannot tell is left out. */
export interface Inspection {
  readonly tier: string;
  readonly state: EntryState;
  readonly negative: boolean;
  readonly pinned: boolean;
  readonly ageMs: number;
  /** Until it is no longer fresh; 0 when it is not. Infinity for ever. */
  readonly freshForMs: number;
  /** Until it is not answered in any case. */
  readonly keptForMs: number;
  readonly bytes?: number;
  /** Uses that the policy remembers: a count that saturates, or ages. */
  readonly uses?: number;
  readonly loadMs?: number;
  readonly version?: string;
  readonly tags?: readonly string[];
  /** Why it is still here, in words. */
  readonly because: string;
}

/** What each tier holds of a key, from the nearest on. Nothing is counted, and nothing moves. */
export async function inspectionOf<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  encoded: string,
): Promise<Inspection[]> {
  const inspections: Inspection[] = [];
  for (const { name: tier } of core.options.tiers) {
    const entry = await entryIn(core, tier, encoded);
    if (entry !== undefined) inspections.push(inspected(core, prefix, tier, encoded, entry));
  }
  return inspections;
}

function inspected<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  tier: string,
  encoded: string,
  entry: Entry,
): Inspection {
  const known = tier === core.stack.memory?.name ? core.stack.memory.inspect(encoded) : undefined;
  const ageMs = Math.max(0, core.clock.now() - entry.storedAt);
  const state = stateOf(entry, ageMs, core.lifetime);
  const freshForMs = state === 'fresh' ? Math.min(entry.freshMs, core.lifetime.maxAgeMs) - ageMs : 0;
  const keptForMs = Math.max(0, Math.min(entry.freshMs + entry.staleMs, core.lifetime.maxAgeMs) - ageMs);
  const pinned = known?.pinned ?? false;
  const own = ownInfo<Key>(prefix, { ...entry, key: encoded, tier, bytes: known?.bytes ?? 0, pinned });
  return {
    tier,
    state,
    negative: entry.negative,
    pinned,
    ageMs,
    freshForMs,
    keptForMs,
    ...(known !== undefined && { bytes: known.bytes, uses: known.uses }),
    ...(entry.loadMs !== undefined && { loadMs: entry.loadMs }),
    ...(entry.version !== undefined && { version: entry.version }),
    ...(own?.tags !== undefined && { tags: own.tags }),
    because: because(state, { pinned, freshForMs, keptForMs, negative: entry.negative, policy: known?.policy }),
  };
}

const STALE_BECAUSE = {
  stale: 'past its ttl, and answered while it is refreshed, for another',
  grace: 'past its ttl, and answered only if its loader fails, for another',
} as const;

function because(
  state: EntryState,
  {
    pinned,
    freshForMs,
    keptForMs,
    negative,
    policy,
  }: {
    readonly pinned: boolean;
    readonly freshForMs: number;
    readonly keptForMs: number;
    readonly negative: boolean;
    readonly policy: string | undefined;
  },
): string {
  const what = negative ? 'absence remembered, ' : '';
  const room = pinned ? '; pinned: not evicted' : policy === undefined ? '' : `; ${policy} has not had to evict it`;
  if (state === 'over') return `${what}its time is over: it is not answered, and leaves with the next sweep${room}`;
  if (state !== 'fresh') return `${what}${STALE_BECAUSE[state]} ${inWords(keptForMs)}${room}`;
  return `${what}fresh for ${inWords(freshForMs)}${room}`;
}

function inWords(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'ever' : ms < 1_000 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}
