import type { ControlAuthor, ControlSettings, SettingsEntry } from '#libs/contracts';
import { HttpProblem } from '#libs/operations';
import {
  emptyDocument,
  encode,
  MAX_DOCUMENT_BYTES,
  MAX_ENTRIES,
  MAX_SERVICES,
  withEntries,
  type ServiceDocument,
  type Snapshot,
} from './documents.js';

/** What a writer of an entry demands of what is there: this revision, anything, or nothing. */
export type Expected = number | 'any' | 'none';

/** One entry of settings. */
export interface EntryPlace {
  readonly service: string;
  readonly cache: string;
  readonly selector: string;
}

/** What a change of entries is decided from, for the change itself and for a dry run of it. */
export interface EntryChange {
  readonly place: EntryPlace;
  readonly expected: Expected;
  readonly by: ControlAuthor;
  /** The revision and the time that the change would have. */
  readonly revision: number;
  readonly at: number;
}

/** The document with an entry in it. Pure. @throws HttpProblem ALREADY_THERE, REVISION_MISMATCH, CANNOT_BE */
export function withEntry(
  { services }: Pick<Snapshot, 'services'>,
  { place, expected, by, revision, at }: EntryChange,
  settings: ControlSettings,
): { readonly document: ServiceDocument; readonly entry: SettingsEntry; readonly old: SettingsEntry | undefined } {
  const { service, cache, selector } = place;
  const document = services.get(service) ?? emptyDocument(service);
  const old = findEntry(document, place);
  check(old, expected);
  const entry: SettingsEntry = { cache, selector, settings, revision, at, by };
  const entries = [...document.entries.filter((one) => one !== old), entry];
  if (entries.length > MAX_ENTRIES)
    throw new HttpProblem('CANNOT_BE', `A service has at most ${MAX_ENTRIES} entries; delete some first.`);
  if (!services.has(service) && services.size >= MAX_SERVICES)
    throw new HttpProblem('CANNOT_BE', `At most ${MAX_SERVICES} services can be controlled.`);
  return { document: withEntries(document, entries, { cache, revision, by }), entry, old };
}

/** The document without an entry. Pure. @throws HttpProblem NOT_FOUND, ALREADY_THERE, REVISION_MISMATCH */
export function withoutEntry(
  { services }: Pick<Snapshot, 'services'>,
  { place, expected, by, revision }: EntryChange,
): { readonly document: ServiceDocument; readonly old: SettingsEntry } {
  const document = services.get(place.service);
  const old = document && findEntry(document, place);
  if (document === undefined || old === undefined)
    throw new HttpProblem('NOT_FOUND', 'Nothing is desired of this cache under this selector.');
  if (expected === 'none')
    throw new HttpProblem('ALREADY_THERE', 'Deleting needs If-Match with the revision that is to go.');
  check(old, expected);
  const entries = document.entries.filter((one) => one !== old);
  return { document: withEntries(document, entries, { cache: place.cache, revision, by }), old };
}

/** @throws HttpProblem CANNOT_BE when it is larger than what is kept. */
export function encodeDocument(document: ServiceDocument): Uint8Array {
  const value = encode(document);
  if (value.byteLength > MAX_DOCUMENT_BYTES)
    throw new HttpProblem('CANNOT_BE', 'This service has more settings than can be kept; delete some first.');
  return value;
}

export function findEntry(
  { entries }: ServiceDocument,
  { cache, selector }: Pick<EntryPlace, 'cache' | 'selector'>,
): SettingsEntry | undefined {
  return entries.find((one) => one.cache === cache && one.selector === selector);
}

function check(old: SettingsEntry | undefined, expected: Expected): void {
  if (expected === 'none') {
    if (old !== undefined) throw new HttpProblem('ALREADY_THERE', `It stands at revision ${old.revision}.`);
  } else if (old === undefined)
    throw new HttpProblem('REVISION_MISMATCH', 'There is nothing yet; leave If-Match out to create it.');
  else if (expected !== 'any' && expected !== old.revision)
    throw new HttpProblem('REVISION_MISMATCH', `It stands at revision ${old.revision} now.`);
}
