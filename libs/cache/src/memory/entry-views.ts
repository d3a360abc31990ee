import type { AccessDetails } from '#libs/contracts';
import type { EntryInfo } from '../tier/tier.js';
import type { EntryTable, Extra } from './entry-table.js';
import type { KeptEntry } from './memory-options.js';

/** The moment at which an entry is looked at: in the tier's ms, and by the wall clock. */
export interface Moment {
  readonly now: number;
  readonly wallMs: number;
}

/** An entry as the cache judges it. */
export function keptEntry(table: EntryTable, slot: number, { now, wallMs }: Moment): KeptEntry {
  const extra = table.extras[slot];
  const loadMs = table.loadMs(slot);
  const written = table.written[slot]!;
  const ageMs = Math.max(0, now - written);
  const freshMs = table.freshUntil[slot]! - written;
  return {
    value: table.values[slot],
    negative: extra?.negative ?? false,
    storedAt: wallMs - ageMs,
    freshMs,
    staleMs: extra === undefined ? 0 : staleWithin(extra, freshMs),
    ageMs,
    ...(extra?.revalidateMs !== undefined && { revalidateMs: extra.revalidateMs }),
    ...(extra?.version !== undefined && { version: extra.version }),
    ...(extra?.tags !== undefined && { tags: extra.tags }),
    ...(loadMs !== undefined && { loadMs }),
  };
}

/** All that is known of an entry but its value. */
export function entryInfo(table: EntryTable, slot: number, tier: string, moment: Moment): EntryInfo {
  const { storedAt, freshMs, staleMs, negative, version, tags } = keptEntry(table, slot, moment);
  return {
    key: table.keys[slot]!,
    tier,
    bytes: table.bytesOf(slot),
    storedAt,
    freshMs,
    staleMs,
    negative,
    pinned: table.isPinned(slot),
    ...(version !== undefined && { version }),
    ...(tags !== undefined && { tags }),
  };
}

/** What telemetry is told of a sampled access. */
export function accessDetails(table: EntryTable, slot: number, now: number): AccessDetails {
  const written = table.written[slot]!;
  const freshUntil = table.freshUntil[slot]!;
  const loadMs = table.loadMs(slot);
  return {
    ageMs: Math.round(Math.max(0, now - written)),
    ...(table.weighs && { bytes: table.slots.weight[slot]! }),
    ...(freshUntil !== Number.POSITIVE_INFINITY && { ttlMs: Math.round(freshUntil - written) }),
    ...(loadMs !== undefined && { costNs: Math.round(loadMs * 1e6) }),
  };
}

/** How long it may be answered stale when it is fresh for so long: what slides does not live longer than its maxAge. */
function staleWithin({ staleMs, maxAgeMs }: Extra, freshMs: number): number {
  return maxAgeMs === Number.POSITIVE_INFINITY ? staleMs : Math.max(0, Math.min(staleMs, maxAgeMs - freshMs));
}
