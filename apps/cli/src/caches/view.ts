import type { CacheDescription, SettingValue } from '#libs/contracts';
import type { ControlReading, ServiceState } from './control.js';
import type { SettingBounds } from './setting-text.js';
import { takingBack } from './take-back.js';
import { REMOVALS, RESULTS, type CountName, type GaugeName, type TierFigures } from './figures.js';
import { hitsOf, requestsOf, sumOf } from './requests-of.js';
import { desiredOf, selectedOf, standingOf, type Standing } from './standing.js';

export interface TierView {
  readonly tier: string;
  readonly requests: number;
  readonly hitRatio: number | null;
  readonly counts: Readonly<Record<CountName, number>>;
  readonly gauges: Readonly<Record<GaugeName, number | null>>;
}

/** A cache as a whole, as `alperf caches` shows it: one element of its JSON. */
export interface CacheView {
  readonly service: string;
  readonly cache: string;
  /** Those of the nearest tier; more where some instances lack it. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Answered by any tier, per request; null without requests. */
  readonly hitRatio: number | null;
  /** The policies in force, of the connected instances; empty when none tells. */
  readonly policies: readonly string[];
  /** Instances that have reported to the database lately. */
  readonly instances: number;
  /** From the nearest to the farthest. */
  readonly tiers: readonly TierView[];
  /** Null where the control channel tells nothing. */
  readonly standing: Standing | null;
}

/** Tiers that a cache of this project has, from the nearest on; others come behind, the most asked first. */
const ORDER = ['memory', 'disk', 'redis'];

/** Joins what the database and the control channel tell: every cache of which either knows. Pure. */
export function cacheViews(figures: readonly TierFigures[], control: ControlReading, now: number): CacheView[] {
  const names = new Map<string, { service: string; cache: string }>();
  const name = (service: string, cache: string) => names.set(JSON.stringify([service, cache]), { service, cache });
  for (const { service, cache } of figures) name(service, cache);
  for (const { service, settings, instances } of control.services.values()) {
    for (const { cache } of settings) name(service, cache);
    for (const { caches, connected } of instances)
      if (connected) for (const { description } of caches) name(service, description.cache);
  }
  return [...names.values()]
    .map(({ service, cache }) =>
      cacheView(
        service,
        cache,
        figures.filter((one) => one.service === service && one.cache === cache),
        control.services.get(service),
        now,
      ),
    )
    .sort((a, b) => compare(a.service, b.service) || compare(a.cache, b.cache));
}

function cacheView(
  service: string,
  cache: string,
  figures: readonly TierFigures[],
  state: ServiceState | undefined,
  now: number,
): CacheView {
  const descriptions = descriptionsOf(state, cache);
  const tiers = inOrder(figures, descriptions).map((one): TierView => {
    const { tier, counts, gauges } = one;
    const requests = sumOf(RESULTS, one);
    return { tier, requests, hitRatio: ratio(hitsOf(one), requests), counts, gauges };
  });
  const requests = requestsOf(tiers);
  const hits = tiers.reduce((total, tier) => total + hitsOf(tier), 0);
  const seconds = Math.max(10, (now - Math.min(...figures.map(({ from }) => from))) / 1_000);
  return {
    service,
    cache,
    requests,
    requestsPerSecond: figures.length === 0 ? 0 : requests / seconds,
    hitRatio: ratio(hits, requests),
    policies: [...new Set(descriptions.flatMap(({ settings }) => settings['policy'] ?? []))].map(String).sort(),
    instances: Math.max(0, ...figures.map((one) => one.instances)),
    tiers: tiers.length > 0 ? tiers : idleTiers(descriptions),
    standing: state === undefined ? null : standingOf(state, cache),
  };
}

/** What the connected instances say of their cache of this name. */
function descriptionsOf(state: ServiceState | undefined, cache: string): CacheDescription[] {
  return (state?.instances ?? []).flatMap(({ connected, caches }) =>
    connected ? caches.flatMap(({ description }) => (description.cache === cache ? description : [])) : [],
  );
}

/** The settings of a cache in one instance that listens. */
export interface InstanceSettings {
  readonly instance: string;
  readonly inForce: CacheDescription['settings'];
  /** What is desired of this instance, by the same names: all selectors laid over one another. */
  readonly desired: Readonly<Record<string, SettingValue>>;
  /** What its host lets be set, by the names of settings. */
  readonly bounds: Readonly<Record<string, SettingBounds>>;
  readonly refused?: string;
  readonly reason?: string;
  /** Where it refuses something: what to type behind `alperf` to take back what stays desired and is not in force. */
  readonly takeBack?: readonly string[];
}

/** What is in force and desired in every connected instance that has the cache. Pure. */
export function settingsOf(state: ServiceState | undefined, cache: string): InstanceSettings[] {
  if (state === undefined) return [];
  const selected = selectedOf(state, cache);
  return state.instances.flatMap(({ instance, connected, caches }) =>
    caches.flatMap(({ description, refused, reason }) => {
      if (!connected || description.cache !== cache) return [];
      const settings = {
        inForce: description.settings,
        desired: desiredOf(instance, selected),
      };
      const takeBack = () =>
        takingBack(instance, settings, selected).map((line) => `cache ${state.service}/${cache} ${line}`);
      return {
        instance,
        ...settings,
        bounds: boundsOf(description.bounds),
        ...(refused !== undefined && { refused, reason: reason ?? '', takeBack: takeBack() }),
      };
    }),
  );
}

/** Bounds by the names of the settings that they are for. Pure. */
export function boundsOf({ tiers = {}, maxTtlMs, policies }: NonNullable<CacheDescription['bounds']> = {}): Record<
  string,
  SettingBounds
> {
  const bounds: Record<string, SettingBounds> = {};
  const range = (name: string, least: number | undefined, most: number | undefined) => {
    if (least === undefined && most === undefined) return;
    bounds[name] = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) };
  };
  for (const [tier, { minBytes, maxBytes, minEntries, maxEntries }] of Object.entries(tiers)) {
    range(`${tier}.maxBytes`, minBytes, maxBytes);
    range(`${tier}.maxEntries`, minEntries, maxEntries);
  }
  range('ttlMs', undefined, maxTtlMs);
  if (policies !== undefined) bounds['policy'] = { oneOf: policies };
  return bounds;
}

function inOrder(figures: readonly TierFigures[], descriptions: readonly CacheDescription[]): TierFigures[] {
  // Where instances have other tiers than one another, the one with most of them tells the order of most.
  const [longest] = descriptions.map(({ tiers }) => tiers).sort((a, b) => b.length - a.length);
  const told = longest?.map(({ tier }) => tier) ?? ORDER;
  const place = ({ tier }: TierFigures) => (told.includes(tier) ? told.indexOf(tier) : told.length);
  return [...figures].sort(
    (a, b) => place(a) - place(b) || sumOf(RESULTS, b) - sumOf(RESULTS, a) || compare(a.tier, b.tier),
  );
}

const NO_COUNTS = Object.fromEntries(
  [...RESULTS, 'loads', 'load_errors', 'writes', ...REMOVALS].map((name) => [name, 0]),
) as TierView['counts'];

/** Of a cache that nobody asked in all that time, its instances tell what it holds. */
function idleTiers(descriptions: readonly CacheDescription[]): TierView[] {
  return (descriptions[0]?.tiers ?? []).map(({ tier }) => {
    const all = descriptions.flatMap(({ tiers }) => tiers.filter((one) => one.tier === tier));
    const total = (name: 'entries' | 'bytes' | 'maxEntries' | 'maxBytes') =>
      all.some((one) => one[name] !== undefined) ? all.reduce((held, one) => held + (one[name] ?? 0), 0) : null;
    const gauges = {
      entries: total('entries'),
      bytes: total('bytes'),
      max_entries: total('maxEntries'),
      max_bytes: total('maxBytes'),
    };
    return { tier, requests: 0, hitRatio: null, counts: NO_COUNTS, gauges };
  });
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
