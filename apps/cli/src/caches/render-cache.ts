import { bytesText, grouped, percent, threeDigits, timeText } from '../command/figures.js';
import { shortened, table } from '../command/table.js';
import type { Change, Spread, TierDetails } from './details.js';
import { REMOVALS, RESULTS, type CountName } from './figures.js';
import { LINE_WIDTH, entriesText, ofMost, plural, standingText } from './render-caches.js';
import type { CacheView, InstanceSettings } from './view.js';

export interface ShownCache extends CacheView {
  readonly details: readonly TierDetails[];
  readonly settings: readonly InstanceSettings[];
  readonly changes: readonly Change[];
}

const COUNTS: readonly CountName[] = [...RESULTS, 'loads', 'load_errors', 'writes', ...REMOVALS];
const MS = 1e6;
/** Histograms by their columns: their title, and how a value of them reads. */
const SPREADS: Readonly<Record<string, readonly [title: string, text: (value: number) => string]>> = {
  get: ['get', timeText],
  load: ['load', timeText],
  write_size: ['size written', bytesText],
  age_at_hit: ['age at hit', (ms) => timeText(ms * MS)],
  time_to_eviction: ['time to eviction', (ms) => timeText(ms * MS)],
  age_at_refresh: ['age at refresh', (ms) => timeText(ms * MS)],
};
/** Instances whose settings are shown one by one. */
const MOST_INSTANCES = 5;

/** One cache, in sections. Pure. */
export function renderCache(shown: ShownCache, unknown: string | undefined): string {
  const { service, cache, requests, requestsPerSecond, hitRatio, instances, standing } = shown;
  const sections = [
    [
      `${service}/${cache}: ${grouped(requests)} requests, ${threeDigits(requestsPerSecond)}/s, ${percent(hitRatio)} answered from the cache`,
      [`${plural(instances, 'instance')} reported`, ...(standing === null ? [] : standingText(standing))].join('; '),
    ],
    countsSection(shown),
    spreadsSection(shown),
    settingsSection(shown),
  ].map((lines) => lines.map((line) => shortened(line, LINE_WIDTH)));
  // Whole, however wide: what was changed is what is looked for.
  sections.push(changesSection(shown.changes));
  if (unknown !== undefined) sections.push([`Settings and connections are not known: ${unknown}.`]);
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function countsSection({ tiers, details }: ShownCache): string[] {
  if (tiers.length === 0) return [];
  const detail = (tier: string) => details.find((one) => one.tier === tier);
  const rows: string[][] = [
    ['hit ratio', ...tiers.map(({ hitRatio }) => percent(hitRatio))],
    ['entries', ...tiers.map(({ gauges }) => ofMost(gauges.entries, gauges.max_entries, grouped))],
    ['bytes', ...tiers.map(({ gauges }) => ofMost(gauges.bytes, gauges.max_bytes, bytesText))],
    ...COUNTS.map((name) => [name.replace('_', ' '), ...tiers.map(({ counts }) => grouped(counts[name]))]),
  ];
  const later: readonly (readonly [string, (of: TierDetails) => number | null, (value: number) => string])[] = [
    ['hits with 2 × the size', ({ ghostHits }) => ghostHits, (hits) => `+ ${grouped(hits)}`],
    ['loading saved', ({ costSavedNs }) => costSavedNs, timeText],
    ['refreshes, changed', ({ refreshesChanged }) => refreshesChanged, grouped],
    ['refreshes, unchanged', ({ refreshesUnchanged }) => refreshesUnchanged, grouped],
  ];
  for (const [title, of, text] of later) {
    const values = tiers.map(({ tier }) => {
      const found = detail(tier);
      return found === undefined ? null : of(found);
    });
    if (values.some((value) => value !== null && value > 0))
      rows.push([title, ...values.map((value) => (value === null ? '-' : text(value)))]);
  }
  const columns = [{ title: '', left: true }, ...tiers.map(({ tier }) => ({ title: tier, most: 22 }))];
  return table(columns, rows);
}

function spreadsSection({ details, tiers }: ShownCache): string[] {
  const rows = tiers.flatMap(({ tier }) => {
    const spreads = details.find((one) => one.tier === tier)?.spreads ?? {};
    return Object.entries(SPREADS).flatMap(([name, [title, text]]) => {
      const spread: Spread | undefined = spreads[name];
      if (spread === undefined || spread.count === 0) return [];
      return [
        [title, tier, grouped(spread.count), ...[spread.mean, spread.p50, spread.p99].map((value) => text(value!))],
      ];
    });
  });
  if (rows.length === 0) return [];
  return table(
    [
      { title: '', left: true },
      { title: 'tier', left: true },
      ...['recorded', 'mean', 'p50', 'p99'].map((title) => ({ title })),
    ],
    rows,
  );
}

function settingsSection({ settings }: ShownCache): string[] {
  return settings.slice(0, MOST_INSTANCES).flatMap(({ instance, inForce, desired, bounds, refused, reason }, i) => {
    const rows = Object.entries(inForce).map(([name, value]) => [
      name,
      String(value),
      Object.hasOwn(desired, name) ? String(desired[name]) : '',
      bounds[name] ?? '',
    ]);
    for (const [name, value] of Object.entries(desired))
      if (!Object.hasOwn(inForce, name)) rows.push([name, '-', String(value), bounds[name] ?? '']);
    const more = i === MOST_INSTANCES - 1 && settings.length > MOST_INSTANCES;
    return [
      ...(i === 0 ? [] : ['']),
      `instance ${instance}${refused === undefined ? '' : `: refused (${refused}): ${reason}`}`,
      ...table(
        [
          { title: 'setting', left: true, most: 30 },
          { title: 'in force', left: true, most: 20 },
          { title: 'desired', left: true, most: 20 },
          { title: 'bounds', left: true, most: 24 },
        ],
        rows,
      ),
      ...(more ? [`and ${plural(settings.length - MOST_INSTANCES, 'instance')} more; --json has all`] : []),
    ];
  });
}

function changesSection(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ['No change in 30 days.'];
  const differences = differencesOf(changes);
  return changes.map(({ time, change, by, tier, revision, entries, instances }, i) =>
    [
      time.replace(/\.\d+Z$/, 'Z'),
      `${change} by ${by}${tier === '' ? '' : ` of ${tier}`}`,
      ...(revision === null ? [] : [`revision ${revision}`]),
      ...(entries === null ? [] : [entriesText(entries)]),
      ...differences[i]!,
      ...(instances > 1 ? [`in ${grouped(instances)} instances`] : []),
    ].join('  '),
  );
}

/** Of the settings that each change tells, which are all in force, those that were others before, as far as is known. */
function differencesOf(latestFirst: readonly Change[]): readonly string[][] {
  const known = new Map<string, string>();
  return latestFirst
    .toReversed()
    .map(({ settings }) =>
      Object.entries(settings).flatMap(([name, value]) => {
        const before = known.get(name);
        known.set(name, value);
        if (before === value) return [];
        return before === undefined ? `${name}=${value}` : `${name}=${value} (was ${before})`;
      }),
    )
    .toReversed();
}
