import { bytesText, grouped, percent, threeDigits, timeText } from '../command/figures.js';
import { alperfCommand } from '#libs/operations';
import { shortened, table } from '../command/table.js';
import { wrapped } from '../command/wrap.js';
import { changeText, type Change } from './changes.js';
import type { Spread, TierDetails } from './details.js';
import { REMOVALS, RESULTS, type CountName } from './figures.js';
import { ofMost, plural, standingText, unknownText } from './render-caches.js';
import { boundsText, settingTexts } from './setting-text.js';
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

/**
 * One cache, in sections. Pure.
 * @param columns lines that are longer are cut; reasons and changes go on in the next one
 */
export function renderCache(shown: ShownCache, unknown: string | undefined, columns = Infinity): string {
  const { service, cache, requests, requestsPerSecond, hitRatio, instances, standing } = shown;
  const sections = [
    [
      `${service}/${cache}: ${grouped(requests)} requests, ${threeDigits(requestsPerSecond)}/s, ${percent(hitRatio)} answered from the cache`,
      ...wrapped(
        [`${plural(instances, 'instance')} reported`, ...(standing === null ? [] : standingText(standing))].join('; '),
        columns,
      ),
    ],
    countsSection(shown),
    spreadsSection(shown),
    settingsSection(shown, columns),
  ].map((lines) => lines.map((line) => shortened(line, columns)));
  // Whole, however wide: what was changed is what is looked for.
  sections.push(changesSection(shown.changes).flatMap((line) => wrapped(line, columns)));
  if (unknown !== undefined) sections.push(wrapped(unknownText(unknown), columns));
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

function settingsSection({ settings }: ShownCache, columns: number): string[] {
  const shown = settings.slice(0, MOST_INSTANCES);
  const more = settings.length - shown.length;
  return [
    ...shown.flatMap((one, i) => [...(i === 0 ? [] : ['']), ...instanceLines(one, columns)]),
    ...(more === 0 ? [] : [`and ${plural(more, 'instance')} more; --json has all`]),
  ];
}

function instanceLines(one: InstanceSettings, columns: number): string[] {
  const { instance, inForce, desired, bounds, refused, reason, takeBack = [] } = one;
  const names = [...new Set([...Object.keys(inForce), ...Object.keys(desired)])];
  const rows = names.map((name) => {
    const [is, wanted] = settingTexts(name, [inForce[name], desired[name]]);
    return [name, is ?? '-', wanted ?? '', Object.hasOwn(bounds, name) ? boundsText(name, bounds[name]!) : ''];
  });
  return [
    ...wrapped(`instance ${instance}${refused === undefined ? '' : `: refused (${refused}): ${reason}`}`, columns),
    ...table(
      [
        { title: 'setting', left: true, most: 30 },
        { title: 'in force', left: true, most: 20 },
        { title: 'desired', left: true, most: 20 },
        { title: 'bounds', left: true, most: 32 },
      ],
      rows,
    ),
    ...(takeBack.length === 0 ? [] : wrapped('What it refuses stays desired. To take it back:', columns)),
    ...takeBack.flatMap((line) => wrapped(`  ${alperfCommand(line)}`, columns)),
  ];
}

function changesSection(changes: readonly Change[]): string[] {
  return changes.length === 0 ? ['No change in 30 days.'] : changes.map(changeText);
}
