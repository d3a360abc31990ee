import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  ControlAuthor,
  ControlCommand,
  ControlHistoryEntry,
  ControlSwitch,
  parseSelector,
  SettingsEntry,
  settingsFor,
  type ControlSettings,
} from '#libs/contracts';

/** Entries of one service; a document of them stays below what the state store takes. */
export const MAX_ENTRIES = 256;
export const MAX_DOCUMENT_BYTES = 200_000;
export const MAX_HISTORY = 100;
/** Caches of a service of which it is known who last changed what is desired of them; the latest of them. */
const MAX_CHANGES = 2 * MAX_ENTRIES;
export const MAX_SERVICES = 1_000;

/** All that is desired of a service, as it is stored. */
export const ServiceDocument = Type.Object({
  v: Type.Literal(1),
  service: Type.String(),
  revision: Type.Integer(),
  at: Type.Integer(),
  switch: ControlSwitch,
  entries: Type.Array(SettingsEntry),
  /** Who last changed what is desired of a cache, and when: also of one of which nothing is desired any more. */
  changes: Type.Optional(
    Type.Array(Type.Object({ cache: Type.String(), revision: Type.Integer(), by: ControlAuthor })),
  ),
});
export type ServiceDocument = Static<typeof ServiceDocument>;

export const StoredCommand = Type.Object({ service: Type.String(), selector: Type.String(), command: ControlCommand });
export type StoredCommand = Static<typeof StoredCommand>;

const StoredHistory = Type.Array(ControlHistoryEntry);
const Head = Type.Object({ revision: Type.Integer() });

const checks = {
  head: Compile(Head),
  switch: Compile(ControlSwitch),
  service: Compile(ServiceDocument),
  command: Compile(StoredCommand),
  history: Compile(StoredHistory),
};

/** Where things stand in the scope of the control state. */
export const KEYS = {
  head: 'head',
  switch: 'switch',
  service: (service: string) => `service/${encodeURIComponent(service)}`,
  history: (service: string) => `history/${encodeURIComponent(service)}`,
  /** Of the switch of all services. No service has an empty name. */
  historyOfAll: 'history/',
  command: (id: string) => `command/${id}`,
} as const;

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Undefined when it is nothing that this version knows. */
export function decode<Value>(check: { Check(value: unknown): value is Value }, bytes: Uint8Array): Value | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return check.Check(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function decodeHistory(bytes: Uint8Array | undefined): ControlHistoryEntry[] {
  return bytes === undefined ? [] : (decode(checks.history, bytes) ?? []);
}

/** The whole control state at one moment; never changed, replaced by the next. */
export interface Snapshot {
  readonly revision: number;
  readonly switch: ControlSwitch;
  readonly services: ReadonlyMap<string, ServiceDocument>;
  readonly commands: ReadonlyMap<string, StoredCommand>;
  /** Ids of commands that were withdrawn by a switch and are still in the store. */
  readonly withdrawn: readonly string[];
  /** Entries that this version cannot read; they are left as they are. */
  readonly unreadable: number;
}

export const NEVER_SWITCHED: ControlSwitch = { on: true, revision: 0, at: 0 };

export function readSnapshot(stored: readonly { key: string; value: Uint8Array }[]): Snapshot {
  let revision = 0;
  let unreadable = 0;
  let all = NEVER_SWITCHED;
  const services = new Map<string, ServiceDocument>();
  const commands = new Map<string, StoredCommand>();
  for (const { key, value } of stored) {
    if (key.startsWith('history/')) continue;
    if (key === KEYS.head) revision = decode(checks.head, value)?.revision ?? 0;
    else if (key === KEYS.switch) all = decode(checks.switch, value) ?? NEVER_SWITCHED;
    else if (key.startsWith('service/')) {
      const document = decode(checks.service, value);
      if (document === undefined) unreadable++;
      else services.set(document.service, document);
    } else if (key.startsWith('command/')) {
      const command = decode(checks.command, value);
      if (command === undefined) unreadable++;
      else commands.set(command.command.id, command);
    }
  }
  const withdrawn: string[] = [];
  for (const [id, { service, command }] of commands) {
    if (command.revision < lastOffOf(all, services.get(service))) withdrawn.push(id);
  }
  for (const id of withdrawn) commands.delete(id);
  return { revision, switch: all, services, commands, withdrawn, unreadable };
}

/** When a service was last switched off, by itself or with all, as a revision; 0 when it never was. */
export function lastOffOf(all: Snapshot['switch'], document: ServiceDocument | undefined): number {
  return Math.max(all.lastOff ?? 0, document?.switch.lastOff ?? 0);
}

export function emptyDocument(service: string): ServiceDocument {
  return { v: 1, service, revision: 0, at: 0, switch: NEVER_SWITCHED, entries: [] };
}

/** The settings that one instance should have, by cache; those of which nothing is desired are not in it. */
export function desiredOf(document: ServiceDocument, instance: string): Record<string, ControlSettings> {
  const byCache = new Map<string, ServiceDocument['entries']>();
  for (const entry of document.entries) byCache.set(entry.cache, [...(byCache.get(entry.cache) ?? []), entry]);
  const desired: [string, ControlSettings][] = [];
  for (const [cache, entries] of byCache) {
    const settings = settingsFor(
      instance,
      entries.map(({ selector, settings }) => ({ selector: parseSelector(selector)!, settings })),
    );
    if (Object.keys(settings).length > 0) desired.push([cache, settings]);
  }
  // A cache may have any name, `__proto__` too.
  return Object.fromEntries(desired);
}

type LastChange = NonNullable<ServiceDocument['changes']>[number];

/** The document with other entries, and who made them others. */
export function withEntries(
  document: ServiceDocument,
  entries: ServiceDocument['entries'],
  change: LastChange,
): ServiceDocument {
  const others = (document.changes ?? []).filter(({ cache }) => cache !== change.cache);
  return { ...document, entries, changes: [...others, change].slice(-MAX_CHANGES) };
}

/** By cache, when what is desired of it was last changed, and by whom. */
export function lastChanges({ entries, changes = [] }: ServiceDocument): Map<string, LastChange> {
  const last = new Map<string, LastChange>();
  for (const { cache, revision, by } of [...entries, ...changes])
    if (revision > (last.get(cache)?.revision ?? -1)) last.set(cache, { cache, revision, by });
  return last;
}
