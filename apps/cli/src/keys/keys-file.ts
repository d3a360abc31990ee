import { readFile, rename, writeFile } from 'node:fs/promises';
import { parseDocument, stringify, YAMLSeq } from 'yaml';
import { parseKeys, type KeyEntry } from '#libs/operations/http';
import { CliError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';

/** What a keys file says of one key; never a hash. */
export interface ShownKey {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly services: readonly string[] | null;
  /** Two while a key is being rotated; each with the time it ends at, or null. */
  readonly secrets: readonly { readonly until: string | null }[];
}

/** @throws CliError when the file cannot be read; SettingsError for what stands in it. */
export async function readKeys(path: string): Promise<ShownKey[]> {
  const text = await readText(path);
  if (text === undefined)
    throw new CliError('NOT_FOUND', `There is no keys file ${path}.`, EXIT.failed, '`alperf keys create` makes it.');
  parseKeys(text);
  const { keys } = parseDocument(text, { schema: 'core' }).toJS() as { keys: KeyEntry[] };
  return keys.map(({ id, scopes, services, secrets }) => ({
    id,
    scopes,
    services: services ?? null,
    secrets: secrets.map(({ until }) => ({ until: until ?? null })),
  }));
}

/**
 * Adds a key, and keeps comments and order of what is there. The new file takes the old one's place in one step, so that
 * a server never reads half of it.
 */
export async function addKey(path: string, entry: KeyEntry): Promise<void> {
  const text = (await readText(path)) ?? '';
  const document = parseDocument(text === '' ? 'keys: []\n' : text, { schema: 'core' });
  const keys = document.get('keys');
  if (!(keys instanceof YAMLSeq))
    throw new CliError('SETTINGS', `${path} holds no list "keys".`, EXIT.failed, 'Correct the file.');
  if (text !== '' && (await readKeys(path)).some(({ id }) => id === entry.id))
    throw new UsageError(`${path} has a key ${entry.id} already.`, 'Choose another --id.');
  keys.flow = false;
  keys.add(document.createNode(entry));
  const updated = document.toString();
  // What is about to be written must be what a server can read.
  parseKeys(updated);
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, updated, { mode: 0o600 });
  await rename(draft, path);
}

/** One key as the file would hold it, for whoever keeps the file elsewhere. */
export function entryText(entry: KeyEntry): string {
  return stringify({ keys: [entry] }).trimEnd();
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(
      'SETTINGS',
      `${path} cannot be read: ${(error as Error).message}.`,
      EXIT.failed,
      'Give this user the right to read it.',
      { cause: error },
    );
  }
}
