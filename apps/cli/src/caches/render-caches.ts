import { bytesText, grouped, percent, threeDigits } from '../command/figures.js';
import { shortened, table, type TableColumn } from '../command/table.js';
import { wrapped } from '../command/wrap.js';
import { REMOVALS } from './figures.js';
import type { Standing } from './standing.js';
import type { CacheView, TierView } from './view.js';

const COLUMNS: readonly TableColumn[] = [
  { title: 'cache', left: true, most: 29 },
  { title: 'tier', left: true, most: 8 },
  { title: 'requests/s', most: 10 },
  { title: 'hits', most: 7 },
  { title: 'entries', most: 15 },
  { title: 'bytes', most: 20 },
];

/**
 * All caches, a line for each tier and one for what there is to say of the whole. Pure.
 * @param columns lines that are longer are cut; notes go on in the next one
 */
export function renderCaches(views: readonly CacheView[], unknown: string | undefined, columns = Infinity): string {
  const notes = unknown === undefined ? [] : ['', ...wrapped(unknownText(unknown), columns)];
  if (views.length === 0) return ['No cache has reported.', ...notes].join('\n');
  const blocks = views.map((view) => {
    const tiers = view.tiers.map((tier, i) => [
      i === 0 ? `${view.service}/${view.cache}` : '',
      tier.tier,
      // Of the nearest tier these are those of the cache; a farther one is asked for what the nearer ones lack.
      threeDigits(view.requests === 0 ? 0 : (view.requestsPerSecond * tier.requests) / view.requests),
      percent(tier.hitRatio),
      ofMost(tier.gauges.entries, tier.gauges.max_entries, grouped),
      ofMost(tier.gauges.bytes, tier.gauges.max_bytes, bytesText),
    ]);
    return { rows: tiers.length > 0 ? tiers : [[`${view.service}/${view.cache}`, '-', '-', '-', '-', '-']], view };
  });
  const [head, ...lines] = table(
    COLUMNS,
    blocks.flatMap(({ rows }) => rows),
  );
  let at = 0;
  const body = blocks.flatMap(({ rows, view }) => {
    const own = lines.slice(at, (at += rows.length));
    return [
      ...own.map((line) => shortened(line, columns)),
      ...notesOf(view).flatMap((note) => wrapped(`    ${note}`, columns, '      ')),
    ];
  });
  return [shortened(head!, columns), ...body, ...notes].join('\n');
}

/** Why settings and connections are missing. Pure. */
export function unknownText(why: string): string {
  return `Settings and connections are not known: ${why}.`;
}

/** `12.3 MiB/64 MiB`, or what there is of it. Pure. */
export function ofMost(held: number | null, most: number | null, text: (value: number) => string): string {
  if (held === null && most === null) return '-';
  return most === null ? text(held!) : `${held === null ? '?' : text(held)}/${text(most)}`;
}

function notesOf(view: CacheView): string[] {
  const { hitRatio, policies, tiers, standing, instances } = view;
  const whole = tiers.length > 1 && hitRatio !== null ? [`${percent(hitRatio)} hits in all`] : [];
  return [
    [...whole, ...(policies.length === 0 ? [] : [policies.join(', ')]), removalsOf(tiers)].join('; '),
    [`${plural(instances, 'instance')} reported`, ...(standing === null ? [] : standingText(standing))].join('; '),
  ];
}

/** `removed 3 evicted, 1 expired`, over the tiers. Pure. */
export function removalsOf(tiers: readonly Pick<TierView, 'counts'>[]): string {
  const causes = REMOVALS.map((cause) => [cause, tiers.reduce((sum, { counts }) => sum + counts[cause], 0)] as const);
  const some = causes.filter(([, count]) => count > 0).map(([cause, count]) => `${grouped(count)} ${cause}`);
  return some.length === 0 ? 'nothing removed' : some.join(', ');
}

/** How many listen, and whether what is desired is in force. Pure. */
export function standingText(standing: Standing): string[] {
  const { connected, paused, on } = standing;
  return [
    `${grouped(connected)} connected`,
    ...(paused === 0 ? [] : [`paused in ${paused} of ${connected}`]),
    desiredText(standing),
    ...(on || waits(standing) ? [] : ['switched off']),
  ];
}

function desiredText(standing: Standing): string {
  const { connected, upToDate, refused, desiredRevision, on } = standing;
  // Switched off, what the host had is not given back either.
  if (desiredRevision === null) return on ? 'settings of the host' : 'nothing desired';
  const revision = `revision ${desiredRevision}`;
  if (waits(standing)) {
    const where = upToDate === 0 ? '' : ` in ${connected - upToDate} of ${connected}`;
    return `${revision} waits${where}, since control is switched off`;
  }
  if (refused.length > 0) return `${revision} refused by ${refused.length} of ${connected} (${refused[0]!.refused})`;
  if (connected === 0) return `${revision} desired, nobody listens`;
  return `${revision} in force${upToDate < connected ? ` in ${upToDate} of ${connected}` : ''}`;
}

/** Whether control has to be switched on before what is desired can be in force everywhere. */
function waits({ connected, upToDate, desiredRevision, on }: Standing): boolean {
  return !on && desiredRevision !== null && upToDate < connected;
}

export function plural(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;
}

export function entriesText(entries: number): string {
  return `${grouped(entries)} ${entries === 1 ? 'entry' : 'entries'}`;
}
