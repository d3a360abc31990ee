import type { ControlSettings } from './settings.js';

/**
 * Which instances of a service something is for:
 * - `all`: every one;
 * - `share:0.05`: one in twenty, by a hash of the instance's id, for canaries. A greater share holds every smaller one,
 *   so that a canary that grows keeps those it began with;
 * - `instance:UUID`: that one.
 */
export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'instance'; readonly instance: string };

/** What a selector looks like as text. */
export const SELECTOR_PATTERN =
  '^(all|share:0\\.[0-9]{1,6}|instance:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$';

const selectorText = new RegExp(SELECTOR_PATTERN);

/** The selector that a text names, or undefined. A share lies between 0 and 1, both left out. */
export function parseSelector(text: string): Selector | undefined {
  if (!selectorText.test(text)) return undefined;
  if (text === 'all') return { kind: 'all' };
  const [kind, value] = text.split(':') as [string, string];
  if (kind === 'instance') return { kind, instance: value };
  const share = Number(value);
  return share > 0 ? { kind: 'share', share } : undefined;
}

/** The one way to write a selector: `share:0.050` and `share:0.05` are the same one. */
export function selectorName(selector: Selector): string {
  if (selector.kind === 'all') return 'all';
  if (selector.kind === 'instance') return `instance:${selector.instance}`;
  return `share:${selector.share.toFixed(6).replace(/0+$/, '')}`;
}

/** Where an instance lies between 0 and 1, evenly: FNV-1a over its id, finished as MurmurHash3 does. */
export function instancePoint(instance: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < instance.length; i++) hash = Math.imul(hash ^ instance.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

export function selects(selector: Selector, instance: string): boolean {
  if (selector.kind === 'all') return true;
  if (selector.kind === 'instance') return selector.instance === instance;
  return instancePoint(instance) < selector.share;
}

/** How many instances it is for, as a share: the less, the more specific. One instance is the most specific of all. */
function reach(selector: Selector): number {
  if (selector.kind === 'all') return 1;
  return selector.kind === 'instance' ? 0 : selector.share;
}

/** Settings desired of the instances that a selector names. */
export interface SelectedSettings {
  readonly selector: Selector;
  readonly settings: ControlSettings;
}

/**
 * What is desired of a cache in one instance. Of the entries that select the instance, the most specific one that names
 * a field says what it is: one instance before a share, a smaller share before a greater one, a share before all. Field
 * by field, the limits of each tier too; `sampling` is one field. The order of the entries does not matter, since no two
 * of them have the same selector.
 */
export function settingsFor(instance: string, entries: readonly SelectedSettings[]): ControlSettings {
  const chosen = entries
    .filter(({ selector }) => selects(selector, instance))
    .sort((a, b) => reach(b.selector) - reach(a.selector));
  let merged: ControlSettings = {};
  for (const { settings } of chosen) merged = over(merged, settings);
  return merged;
}

function over(under: ControlSettings, settings: ControlSettings): ControlSettings {
  const tiers = { ...under.tiers };
  for (const [tier, limits] of Object.entries(settings.tiers ?? {})) tiers[tier] = { ...tiers[tier], ...limits };
  return { ...under, ...settings, ...(Object.keys(tiers).length > 0 && { tiers }) };
}
