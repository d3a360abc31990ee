import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { ageOf, stateOf, type EntryState } from '../load/lifetime.js';
import { AWAY } from '../tier/far-tier.js';
import type { Entry, Stay, Tier } from '../tier/tier.js';
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
  /** Where that count stops: so many uses are so many or more. It is no count of hits. */
  readonly usesCountedTo?: number;
  /** Since it was last used, as far as the tier knows. */
  readonly idleMs?: number;
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
  for (const tier of core.options.tiers) {
    // Asked first: in a tier that cannot only look (a server that keeps idle times), to read the entry is a use of it.
    const stay = await stayIn(core, tier, encoded);
    const entry = await entryIn(core, tier.name, encoded);
    if (entry !== undefined) inspections.push(inspected(core, prefix, tier.name, encoded, entry, stay));
  }
  return inspections;
}

/** Undefined of a tier that cannot tell, or is away. */
async function stayIn<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  tier: Tier,
  encoded: string,
): Promise<Stay | undefined> {
  if (tier.explain === undefined) return undefined;
  if (tier === core.stack.memory) return tier.explain(encoded);
  const stay = await core.stack.far.find((far) => far.tier === tier)?.call(() => tier.explain!(encoded));
  return stay === AWAY ? undefined : stay;
}

function inspected<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  tier: string,
  encoded: string,
  entry: Entry,
  stay: Stay | undefined,
): Inspection {
  const now = core.clock.now();
  const ageMs = ageOf(entry, now, core.lifetime);
  const state = stateOf(entry, ageMs, core.lifetime);
  const freshForMs = state === 'fresh' ? Math.min(entry.freshMs, core.lifetime.maxAgeMs) - ageMs : 0;
  const keptForMs =
    state === 'over' ? 0 : Math.max(0, Math.min(entry.freshMs + entry.staleMs, core.lifetime.maxAgeMs) - ageMs);
  const pinned = stay?.pinned ?? false;
  const own = ownInfo<Key>(prefix, { ...entry, key: encoded, tier, bytes: stay?.bytes ?? 0, pinned }, now);
  return {
    tier,
    state,
    negative: entry.negative,
    pinned,
    ageMs: Number.isFinite(ageMs) ? ageMs : 0,
    freshForMs,
    keptForMs,
    ...(stay?.bytes !== undefined && { bytes: stay.bytes }),
    ...(stay?.uses !== undefined && { uses: stay.uses }),
    ...(stay?.usesCountedTo !== undefined && { usesCountedTo: stay.usesCountedTo }),
    ...(stay?.idleMs !== undefined && { idleMs: stay.idleMs }),
    ...(entry.loadMs !== undefined && { loadMs: entry.loadMs }),
    ...(entry.version !== undefined && { version: entry.version }),
    ...(own?.tags !== undefined && { tags: own.tags }),
    because: because(state, ageMs, freshForMs, keptForMs, entry.negative, stay),
  };
}

const STALE_BECAUSE = {
  stale: 'past its ttl, and answered while it is refreshed, for another',
  grace: 'past its ttl, and answered only if its loader fails, for another',
} as const;

function because(
  state: EntryState,
  ageMs: number,
  freshForMs: number,
  keptForMs: number,
  negative: boolean,
  stay: Stay | undefined,
): string {
  const what = negative ? 'absence remembered, ' : '';
  const room = stay === undefined ? '' : `; ${stay.because}`;
  if (ageMs === Number.POSITIVE_INFINITY)
    return `${what}written later than the clock says it is now, so that its age is not known: it is not answered${room}`;
  if (state === 'over') return `${what}its time is over: it is not answered, and leaves with the next sweep${room}`;
  if (state !== 'fresh') return `${what}${STALE_BECAUSE[state]} ${inWords(keptForMs)}${room}`;
  return `${what}fresh for ${inWords(freshForMs)}${room}`;
}

function inWords(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'ever' : ms < 1_000 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}
