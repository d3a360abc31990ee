import { grouped } from '../command/figures.js';
import type { Server } from '../http/server.js';
import { parametersOf, whereOf, type Asked } from './figures.js';
import { entriesText } from './render-caches.js';
import { settingText, settingTexts } from './setting-text.js';

type Settings = Readonly<Record<string, string>>;

/** One change of a cache, or the same in several instances in one minute. */
export interface Change {
  /** ISO 8601, of the first of them. */
  readonly time: string;
  readonly change: string;
  readonly by: string;
  readonly tier: string;
  readonly revision: number | null;
  /** All that are in force after it, as far as it tells. */
  readonly settings: Settings;
  /**
   * What of the settings became different, by name; null: there was, or is, no such setting. Null as a whole where it is no
   * change of settings, or nothing is known from before it.
   */
  readonly changed: Readonly<Record<string, { readonly from: string | null; readonly to: string | null }>> | null;
  readonly entries: number | null;
  readonly bytes: number | null;
  readonly instances: number;
}

interface Row {
  readonly at: string;
  readonly change: string;
  readonly changed_by: string;
  readonly tier: string;
  readonly revision: string | number | null;
  readonly settings: Settings;
  readonly before: readonly Settings[];
  readonly entries_all: string | number | null;
  readonly bytes_all: string | number | null;
  readonly instances: string | number;
}

/** A cache has no more tiers, each of which tells when it was created. */
const MOST_TIERS = 8;

/**
 * The latest changes of one cache, the latest first. Each is compared with what the same instance told before it, however
 * long before, whether that is shown or not: with its last change of settings, or with all that its tiers told when they
 * were created.
 */
export async function changesOf(server: Server, asked: Asked, limit: number): Promise<Change[]> {
  const rows = await server.query<Row>(
    `SELECT min(time) AS at, change, changed_by, tier, revision, any(settings_told) AS settings, any(told_before) AS before,
       sum(entries) AS entries_all, sum(bytes) AS bytes_all, uniqExact(instance) AS instances
     FROM (
       SELECT time, change, changed_by, tier, revision, settings AS settings_told, entries, bytes, instance,
         arrayReverse(groupArray((change, settings)) OVER (
           PARTITION BY service, cache, instance, empty(settings) ORDER BY time, sequence, idx
           ROWS BETWEEN ${MOST_TIERS} PRECEDING AND 1 PRECEDING
         )) AS told,
         arrayFirstIndex(one -> one.1 != 'created', told) AS settled,
         toUInt64(if(settled = 0, toInt64(length(told)), greatest(1, toInt64(settled) - 1))) AS own,
         if(change = 'settings', arrayMap(one -> one.2, arraySlice(told, 1, own)), []) AS told_before
       FROM cache_changes FINAL WHERE time > toDateTime({since:UInt32}) ${whereOf(asked)}
     )
     GROUP BY change, changed_by, tier, revision, toString(settings_told), toString(told_before), toStartOfMinute(time)
     ORDER BY at DESC, change LIMIT {limit:UInt32}`,
    { ...parametersOf(asked), limit },
  );
  return rows.map(({ at, change, changed_by: by, tier, revision, settings, before, ...counts }) => ({
    time: `${at.replace(' ', 'T')}Z`,
    change,
    by,
    tier,
    revision: numberOrNull(revision),
    settings,
    // The latest comes first, and wins.
    changed: before.length === 0 ? null : differences(Object.assign({}, ...before.toReversed()) as Settings, settings),
    entries: numberOrNull(counts.entries_all),
    bytes: numberOrNull(counts.bytes_all),
    instances: Number(counts.instances),
  }));
}

/** Pure. */
export function differences(before: Settings, after: Settings): NonNullable<Change['changed']> {
  const value = (of: Settings, name: string) => (Object.hasOwn(of, name) ? of[name]! : null);
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return Object.fromEntries(
    names
      .map((name) => [name, { from: value(before, name), to: value(after, name) }] as const)
      .filter(([, { from, to }]) => from !== to),
  );
}

/** One line, however long. Pure. */
export function changeText(shown: Change): string {
  const { time, change, by, tier, revision, entries, instances } = shown;
  return [
    time.replace(/\.\d+Z$/, 'Z'),
    `${change} by ${by}${tier === '' ? '' : ` (${tier})`}`,
    ...(revision === null ? [] : [`revision ${revision}`]),
    ...(entries === null ? [] : [entriesText(entries)]),
    ...(change === 'settings' ? settingsTexts(shown) : []),
    ...(instances > 1 ? [`in ${grouped(instances)} instances`] : []),
  ].join('  ');
}

function settingsTexts({ settings, changed }: Change): string[] {
  if (changed === null) {
    const known = Object.entries(settings).map(([name, value]) => `${name}=${settingText(name, value)}`);
    return known.length === 0 ? [] : [`first known: ${known.join('  ')}`];
  }
  const different = Object.entries(changed).map(([name, { from, to }]) => {
    const [was, is] = settingTexts(name, [from ?? undefined, to ?? undefined]);
    return is === undefined ? `${name} is set no more (was ${was})` : `${name}=${is} (was ${was ?? 'not set'})`;
  });
  return different.length === 0 ? ['nothing was different'] : different;
}

function numberOrNull(value: string | number | null): number | null {
  return value === null ? null : Number(value);
}
