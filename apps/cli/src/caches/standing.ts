import { flatSettings, parseSelector, settingsFor, type SelectedSettings, type SettingValue } from '#libs/contracts';
import type { ServiceState } from './control.js';

type Flat = Readonly<Record<string, SettingValue>>;
type Instance = ServiceState['instances'][number];

/** How a cache stands to what is desired of it. */
export interface Standing {
  /** Instances that listen to the control channel now. */
  readonly connected: number;
  /** Those of them that have taken in all that is desired; while control is switched off, those that have it in force. */
  readonly upToDate: number;
  /** Those that refused, with their reasons. */
  readonly refused: readonly { readonly instance: string; readonly refused: string; readonly reason: string }[];
  /** The newest revision of what is desired of the cache; null when nothing is. */
  readonly desiredRevision: number | null;
  /** Those that listen and stand aside: every read of theirs goes to the origin. */
  readonly paused: number;
  /** Off: instances apply nothing from afar. */
  readonly on: boolean;
}

/** Pure. */
export function standingOf(state: ServiceState, cache: string): Standing {
  const { instances, settings, on } = state;
  const entries = settings.filter((one) => one.cache === cache);
  const selected = selectedOf(state, cache);
  const having = instances.filter(
    ({ connected, caches }) => connected && caches.some(({ description }) => description.cache === cache),
  );
  const desired = Math.max(0, ...entries.map(({ revision }) => revision));
  return {
    connected: having.length,
    upToDate: having.filter(
      (one) => (one.acknowledged ?? -1) >= desired && (on || hasInForce(one, cache, desiredOf(one.instance, selected))),
    ).length,
    refused: having.flatMap(({ instance, caches }) =>
      caches.flatMap(({ description, refused, reason }) =>
        description.cache === cache && refused !== undefined ? { instance, refused, reason: reason ?? '' } : [],
      ),
    ),
    desiredRevision: entries.length === 0 ? null : desired,
    paused: having.filter(({ caches }) =>
      caches.some(({ description }) => description.cache === cache && description.settings['paused'] === true),
    ).length,
    on,
  };
}

/** What is desired of a cache, by selector. Pure. */
export function selectedOf({ settings }: ServiceState, cache: string): SelectedSettings[] {
  return settings.flatMap((entry) => {
    const selector = parseSelector(entry.selector);
    return selector === undefined || entry.cache !== cache ? [] : { selector, settings: entry.settings };
  });
}

/** What is desired of one instance: all selectors laid over one another. Pure. */
export function desiredOf(instance: string, selected: readonly SelectedSettings[]): Flat {
  return flatSettings(settingsFor(instance, selected));
}

/**
 * Whether an instance says that it has all of this in force. A revision tells it only while control is on: switched off,
 * instances acknowledge what they do not apply, one that was started meanwhile also what is older than the switch.
 */
function hasInForce({ caches }: Instance, cache: string, desired: Flat): boolean {
  return caches.every(
    ({ description }) =>
      description.cache !== cache ||
      Object.entries(desired).every(([name, value]) => description.settings[name] === value),
  );
}
