import {
  flatSettings,
  type CacheDescription,
  type ControlledInstance,
  type ControlSettings,
  type InstancesAnswer,
  type Refused,
  type ServiceControl,
  type SettingValue,
  type SettingsDryRun,
  type SettingsEntry,
} from '#libs/contracts';
import { alperfCommand } from '#libs/operations';
import { CliError } from '../../command/errors.js';
import { EXIT } from '../../command/exit-codes.js';
import { refusal } from '../../http/request.js';
import { boundsText, settingText } from '../setting-text.js';
import { boundsOf, settingsOf } from '../view.js';
import { awayReason, untilEnough, type Acted, type Action, type ActParts } from './action.js';
import { CommandAction } from './command-action.js';
import type { InstanceOutcome } from './outcome.js';
import { ownRefusal, tookAllTheSame } from './own-refusal.js';
import { meantInstances, servicePath, type Place } from './place.js';

/** What is desired of a selector so far. */
interface Entry {
  readonly settings: ControlSettings;
  /** Undefined where nothing is desired yet. */
  readonly etag: string | undefined;
}

/** What came of writing it. */
interface Written {
  readonly revision: number | null;
  /** The settings that the change was for. */
  readonly names: readonly string[];
  /** What was desired under the selector before. */
  readonly before: ControlSettings;
}

export interface SettingsChange {
  readonly name: string;
  /** What is desired then, of what is desired now. Pure. */
  readonly change: (settings: ControlSettings) => ControlSettings;
  /** What to type behind `cache NAME` so that what was desired before is desired again. Pure. */
  readonly undo: (before: ControlSettings) => string;
  /** Whether to ask a person: always, or when entries have to leave. */
  readonly consent: 'always' | 'when-entries-leave';
  /** The tier whose limits it sets. */
  readonly tier?: string;
}

/** Times that a change is tried while others change the same. */
const MOST_TRIES = 5;

/** A change of what is desired of a cache, beside all else that is desired of it under the same selector. */
export class SettingsAction implements Action {
  readonly name: string;

  /** The settings that it is for and nothing else; none where it gives them back. */
  readonly #asked: ControlSettings;

  constructor(private readonly to: SettingsChange) {
    this.name = to.name;
    this.#asked = to.change({});
  }

  async mustBeOfUse(place: Place, { server }: ActParts): Promise<void> {
    const listening = (await this.#instances(place, server)).filter(({ connected }) => connected);
    const descriptions = listening.map((one) => descriptionOf(one, place.cache));
    const refusals = descriptions.flatMap((one) => ownRefusal(this.#asked, one) ?? []);
    if (listening.length === 0 || refusals.length < listening.length) return;
    const where =
      listening.length === 1
        ? 'the only instance that listens'
        : `each of the ${listening.length} instances that listen`;
    throw new CliError(
      'REFUSED_BY_ALL',
      `${this.name} of ${place.service}/${place.cache} would be refused by ${where}, and is not stored: ${refusals[0]!.reason.replace(/\.$/, '')}.`,
      EXIT.failed,
      remedyFor(this.#asked, descriptions[0]!, place),
    );
  }

  needsConsent({ instances }: Acted): boolean {
    return this.to.consent === 'always' || instances.some(({ entries = 0, bytes = 0 }) => entries > 0 || bytes > 0);
  }

  async tryOut(place: Place, parts: ActParts): Promise<Acted> {
    const { server } = parts;
    const { settings, etag } = await this.#read(place, server);
    const changed = this.to.change(settings);
    const instances = await this.#instances(place, server);
    const dry = await this.#dryRun(place, server, changed, etag);
    return {
      revision: null,
      command: null,
      tiers: this.#tiers,
      instances: await this.#wouldBe(place, parts, instances, dry),
    };
  }

  async perform(place: Place, parts: ActParts): Promise<Acted> {
    const { server, waitMs } = parts;
    const { revision: written, names, before } = await this.#write(place, parts);
    let revision = written;
    let meant: readonly ControlledInstance[] = [];
    await untilEnough(
      async () => {
        meant = await this.#instances(place, server);
        // Taking an entry away answers no revision: all that is desired now is what they should have taken in.
        revision ??= Math.max(0, ...meant.map(({ desired }) => desired));
      },
      () => meant.every((one) => !one.connected || hasTakenIn(one, revision!)),
      parts,
    );
    const document = await server.get(servicePath(place));
    const desired = document.status === 200 ? (JSON.parse(document.body) as ServiceControl).settings : [];
    const state = { service: place.service, settings: desired, instances: [...meant], on: true };
    const shown = settingsOf(state, place.cache);
    const wanted = flatSettings(this.to.change(desired.find((one) => isOf(one, place))?.settings ?? {}));
    const instances = meant.map((one): InstanceOutcome => {
      const { instance, connected } = one;
      if (!connected || !hasTakenIn(one, revision!)) {
        const reason = awayReason(connected, waitMs, 'takes it in when it is back');
        return { instance, connected, outcome: 'away', reason };
      }
      const found = shown.find((other) => other.instance === instance);
      const inForce = Object.fromEntries(names.flatMap((name) => pick(found?.inForce ?? {}, name)));
      const other = names.find((name) => found !== undefined && found.desired[name] !== wanted[name]);
      if (other !== undefined) {
        const reason = `${other} is ${textOf(other, found!.desired[other])} by another selector`;
        return { instance, connected, outcome: 'unchanged', reason, inForce };
      }
      if (found?.refused === undefined) return { instance, connected, outcome: 'applied', inForce };
      const { refused, reason = '' } = found;
      const description = descriptionOf(one, place.cache);
      const own = ownRefusal(this.#asked, description);
      if (own === undefined && tookAllTheSame(this.#asked, { refused }, description))
        return { instance, connected, outcome: 'applied', inForce, note: reason };
      return { instance, connected, outcome: 'refused', ...(own ?? { refused, reason }) };
    });
    const isRefused = instances.some(({ outcome }) => outcome === 'refused');
    const takeBack = isRefused && Object.keys(this.#asked).length > 0 ? this.#takeBack(place, before) : undefined;
    return {
      revision,
      command: null,
      tiers: this.#tiers,
      ...(takeBack !== undefined && { takeBack }),
      instances,
    };
  }

  get #tiers(): readonly string[] {
    return this.to.tier === undefined ? [] : [this.to.tier];
  }

  #takeBack({ service, cache, selector }: Place, before: ControlSettings): string {
    const wasDesired = changedNames(before, this.to.change(before), {}).length === 0;
    const undo = this.to.undo(wasDesired ? {} : before);
    return `cache ${service}/${cache} ${undo}${selector === 'all' ? '' : ` --selector ${selector}`}`;
  }

  async #wouldBe(
    place: Place,
    parts: ActParts,
    instances: readonly ControlledInstance[],
    dry: SettingsDryRun['instances'],
  ): Promise<InstanceOutcome[]> {
    const { tier } = this.to;
    const outcome = (one: ControlledInstance, left: Held) =>
      wouldBe(one, dry, left, ownRefusal(this.#asked, descriptionOf(one, place.cache)));
    if (tier === undefined) return instances.map((one) => outcome(one, {}));
    // What an instance has told of itself may be old; what it would have to clear it counts now.
    const { instances: counted } = await new CommandAction({ do: 'clear', tier }).tryOut(place, parts);
    return instances.map((one) => {
      const limits = dry.find(({ instance }) => instance === one.instance)?.after.tiers?.[tier];
      if (limits === undefined) return outcome(one, {});
      const now = counted.find(({ instance }) => instance === one.instance);
      const held = now?.outcome === 'applied' ? now : mostHeld(one, place.cache, tier);
      return outcome(one, leaving(held, limits));
    });
  }

  async #write(place: Place, { server }: ActParts): Promise<Written> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { settings, etag } = await this.#read(place, server);
      const changed = this.to.change(settings);
      const names = changedNames(settings, changed, this.to.change({}));
      const isEmpty = Object.keys(flatSettings(changed)).length === 0;
      if (isEmpty && etag === undefined) return { revision: null, names, before: settings };
      const match: Record<string, string> = etag === undefined ? {} : { 'if-match': etag };
      const reply = isEmpty
        ? await server.send('DELETE', entryPath(place), undefined, match)
        : await server.send('PUT', entryPath(place), changed, match);
      if (reply.status === 412) continue;
      if (reply.status >= 300) throw refusal(`The change (${this.name}) was not taken`, reply);
      const revision = isEmpty ? null : (JSON.parse(reply.body) as SettingsEntry).revision;
      return { revision, names, before: settings };
    }
    throw new CliError(
      'CHANGED_MEANWHILE',
      `Others change what is desired of ${place.cache} all the time; nothing was changed.`,
      EXIT.failed,
      'Find out who does, and try again.',
    );
  }

  async #read(place: Place, server: ActParts['server']): Promise<Entry> {
    const reply = await server.get(entryPath(place));
    if (reply.status === 404) return { settings: {}, etag: undefined };
    if (reply.status !== 200) throw refusal('What is desired of the cache is not told', reply);
    const { settings, revision } = JSON.parse(reply.body) as SettingsEntry;
    return { settings, etag: reply.headers.get('etag') ?? `"${revision}"` };
  }

  async #instances(place: Place, server: ActParts['server']): Promise<readonly ControlledInstance[]> {
    const reply = await server.get(`${servicePath(place)}/instances`);
    if (reply.status !== 200) throw refusal('The instances are not told', reply);
    return meantInstances(place, (JSON.parse(reply.body) as InstancesAnswer).instances);
  }

  async #dryRun(
    place: Place,
    server: ActParts['server'],
    changed: ControlSettings,
    etag: string | undefined,
  ): Promise<SettingsDryRun['instances']> {
    const isEmpty = Object.keys(flatSettings(changed)).length === 0;
    if (isEmpty && etag === undefined) return [];
    const reply = await server.send(
      isEmpty ? 'DELETE' : 'PUT',
      `${entryPath(place)}?dryRun=true`,
      isEmpty ? undefined : changed,
      etag === undefined ? {} : { 'if-match': etag },
    );
    if (reply.status !== 200) throw refusal(`The change (${this.name}) was not tried`, reply);
    return (JSON.parse(reply.body) as SettingsDryRun).instances;
  }
}

/** The settings with one field as it is given, or without it. Pure. */
export function withField<Name extends keyof ControlSettings>(
  settings: ControlSettings,
  name: Name,
  value: ControlSettings[Name] | undefined,
): ControlSettings {
  const others = Object.entries(settings).filter(([field]) => field !== name);
  return Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
}

function entryPath(place: Place): string {
  return `${servicePath(place)}/caches/${encodeURIComponent(place.cache)}/settings/${place.selector}`;
}

/** Of an instance that has the cache. */
function descriptionOf({ caches }: ControlledInstance, cache: string): CacheDescription {
  return caches.find(({ description }) => description.cache === cache)!.description;
}

/** What to do where all refuse these settings: to keep within the bounds of their host, where it has some for them. Pure. */
function remedyFor(asked: ControlSettings, description: CacheDescription, { service, cache }: Place): string {
  const all = boundsOf(description.bounds);
  const found = Object.keys(flatSettings(asked)).flatMap((name) =>
    Object.hasOwn(all, name) ? `${name} ${boundsText(name, all[name]!)}` : [],
  );
  const shown = `\`${alperfCommand(`cache ${service}/${cache}`)}\` shows what there is.`;
  return found.length === 0
    ? `It is for the host to change that. ${shown}`
    : `Its host allows: ${found.join('; ')}. ${shown}`;
}

function textOf(name: string, value: SettingValue | undefined): string {
  return value === undefined ? 'as the host has it' : settingText(name, value);
}

function isOf({ cache, selector }: SettingsEntry, place: Place): boolean {
  return cache === place.cache && selector === place.selector;
}

function hasTakenIn({ acknowledged }: ControlledInstance, revision: number): boolean {
  return acknowledged !== null && acknowledged >= revision;
}

/** The settings that a change is for: those that differ, and those that it names. Pure. */
function changedNames(before: ControlSettings, after: ControlSettings, named: ControlSettings): string[] {
  const [old, now] = [flatSettings(before), flatSettings(after)];
  const differing = [...Object.keys(old), ...Object.keys(now)].filter((name) => old[name] !== now[name]);
  return [...new Set([...differing, ...Object.keys(flatSettings(named))])];
}

function pick<Value>(of: Readonly<Record<string, Value>>, name: string): [string, Value][] {
  return Object.hasOwn(of, name) ? [[name, of[name]!]] : [];
}

function wouldBe(
  { instance, connected }: ControlledInstance,
  dry: SettingsDryRun['instances'],
  left: Held,
  own: Refused | undefined,
): InstanceOutcome {
  if (!connected) return { instance, connected, outcome: 'away', reason: 'not connected' };
  const found = dry.find((one) => one.instance === instance);
  if (found === undefined)
    return { instance, connected, outcome: 'unchanged', reason: 'what is desired of it stays the same' };
  const { refused, reason } = own ?? found;
  const [before, after] = [flatSettings(found.before), flatSettings(found.after)];
  // By bounds only what is beyond them is left out; that is not what the action is for.
  if (own === undefined && refused === 'bounds')
    return { instance, connected, outcome: 'applied', ...left, before, after, note: reason ?? '' };
  if (refused !== undefined)
    return { instance, connected, outcome: 'refused', refused, reason: reason ?? '', before, after };
  return { instance, connected, outcome: 'applied', ...left, before, after };
}

interface Held {
  readonly entries?: number;
  readonly bytes?: number;
}

/** What a tier holds at most, where it does not say what it holds: as much as it may. Pure. */
function mostHeld(one: ControlledInstance, cache: string, tier: string): Held {
  const { tiers, settings } = descriptionOf(one, cache);
  const told = tiers.find((one) => one.tier === tier);
  const most = (limit: SettingValue | undefined, last = 0) => (typeof limit === 'number' ? limit : last);
  return {
    entries: most(settings[`${tier}.maxEntries`], told?.entries),
    bytes: most(settings[`${tier}.maxBytes`], told?.bytes),
  };
}

/**
 * What has to leave for lower limits. A limit says exactly how much of its own is too much; of the other it is as large a
 * share. Pure.
 */
export function leaving(
  { entries = 0, bytes = 0 }: Held,
  limits: NonNullable<ControlSettings['tiers']>[string],
): Required<Held> {
  const { maxEntries = Infinity, maxBytes = Infinity } = limits;
  const share = Math.max(over(entries, maxEntries), over(bytes, maxBytes));
  return {
    entries: Math.max(0, entries - maxEntries, Math.round(entries * share)),
    bytes: Math.max(0, bytes - maxBytes, Math.round(bytes * share)),
  };
}

function over(held: number, most: number): number {
  return held > most ? (held - most) / held : 0;
}
