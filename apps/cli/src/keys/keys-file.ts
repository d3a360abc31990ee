import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseDocument, stringify, YAMLMap, YAMLSeq, type Document } from 'yaml';
import { alperfCommand } from '#libs/operations';
import { parseKeys, type KeyEntry, type KeySecret } from '#libs/operations/http';
import type { Host, Invocation } from '../command/command.js';
import { CliError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { loadCommandSettings } from '../config/known-settings.js';

/** What a keys file says of one key; never a hash. */
export interface ShownKey {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly services: readonly string[] | null;
  /** Two while a key is being rotated; each with the time it ends at, or null. */
  readonly secrets: readonly { readonly until: string | null }[];
}

/** The keys file that was given, else that of the settings; undefined without one. */
export function keysPath(invocation: Invocation, host: Host): string | undefined {
  const file = invocation.text('file') ?? loadCommandSettings(host).values.keysFile;
  return file === undefined ? undefined : resolve(host.cwd, file);
}

/** The same, for a command that cannot do without. @throws UsageError */
export function mustHaveKeysPath(invocation: Invocation, host: Host): string {
  const path = keysPath(invocation, host);
  if (path === undefined) throw new UsageError('Which keys file?', 'Write --file keys.yaml, or set ALPERF_KEYS_FILE.');
  return path;
}

/** @throws CliError when the file cannot be read; SettingsError for what stands in it. */
export async function readKeys(path: string): Promise<ShownKey[]> {
  const text = await readText(path);
  if (text === undefined)
    throw new CliError(
      'NOT_FOUND',
      `There is no keys file ${path}.`,
      EXIT.failed,
      `\`${alperfCommand(`keys create --id first --file ${path}`)}\` makes it.`,
    );
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
  const { document, keys } = openKeys(path, text === '' ? 'keys: []\n' : text);
  if (text !== '' && (await readKeys(path)).some(({ id }) => id === entry.id))
    throw new UsageError(
      `${path} has a key ${entry.id} already.`,
      `Choose another --id; \`${alperfCommand(`keys rotate --id ${entry.id} --file ${path}`)}\` gives this key a new secret.`,
    );
  keys.flow = false;
  keys.add(document.createNode(entry));
  await replaceKeys(path, document);
}

/**
 * Gives a key a new secret. The one before it stays valid for `keepMs` more; 0 ends every other one at once.
 * @returns the time at which the one before it ends, undefined when it has ended.
 * @throws CliError when there is no such file; UsageError when there is no such key, or when both its secrets are in use:
 * a file holds two, and whoever still has the older one would be shut out before the time that was promised.
 */
export async function rotateKey(
  path: string,
  id: string,
  secret: KeySecret,
  { keepMs, now }: { readonly keepMs: number; readonly now: number },
): Promise<string | undefined> {
  const known = await readKeys(path);
  const index = known.findIndex((key) => key.id === id);
  if (index === -1)
    throw new UsageError(
      `${path} has no key ${JSON.stringify(id)}.`,
      `It has: ${known.map((key) => key.id).join(', ')}.`,
    );
  const { document, keys } = openKeys(path, (await readText(path))!);
  const entry = keys.get(index) as YAMLMap;
  const { secrets } = (document.toJS() as { keys: KeyEntry[] }).keys[index]!;
  const valid = secrets.filter(({ until }) => until === undefined || Date.parse(until) > now);
  if (valid.length > 1 && keepMs > 0)
    throw new UsageError(
      `Both secrets of ${id} are in use${valid.flatMap(({ until }) => (until === undefined ? [] : [`, one until ${until}`])).join('')}.`,
      'Rotate it again after that time; --keep 0s ends both at once.',
    );
  const before = keepMs === 0 ? undefined : valid[0];
  const ends = Math.min(now + keepMs, before?.until === undefined ? Infinity : Date.parse(before.until));
  const until = before === undefined ? undefined : new Date(ends).toISOString();
  entry.set('secrets', document.createNode([...(before === undefined ? [] : [{ ...before, until }]), secret]));
  await replaceKeys(path, document);
  return until;
}

function openKeys(path: string, text: string): { document: Document; keys: YAMLSeq } {
  const document = parseDocument(text, { schema: 'core' });
  const keys = document.get('keys');
  if (!(keys instanceof YAMLSeq))
    throw new CliError('SETTINGS', `${path} holds no list "keys".`, EXIT.failed, 'Correct the file.');
  return { document, keys };
}

async function replaceKeys(path: string, document: Document): Promise<void> {
  const updated = document.toString();
  // What is about to be written must be what a server can read.
  parseKeys(updated);
  const draft = `${path}.${process.pid}.new`;
  await writeFile(draft, updated, { mode: 0o600 });
  // Who could read the file can read it still: a server may run as another user.
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) await chmod(draft, found.mode & 0o777);
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
