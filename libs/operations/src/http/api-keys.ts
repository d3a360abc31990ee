import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { SettingsError } from '../settings/settings.js';

/**
 * What a key lets do: `write` posts events, `read` asks, `listen` is controlled from afar (an emitter's own), `control`
 * changes what is desired of caches and gives commands, `admin` all of it.
 */
export const SCOPES = ['write', 'read', 'listen', 'control', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Whoever a valid key stands for. `admin` includes the other scopes. */
export interface ApiKey {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Services it may write for; undefined means all. */
  readonly services?: readonly string[];
}

/** One of at most two secrets of a key, so that it can be rotated without a gap. Only the hash is kept. */
export interface KeySecret {
  /** SHA-256 of the secret, hexadecimal. The secret is random (256 bits), so a slow hash would add nothing. */
  readonly sha256: string;
  /** Not valid from this time on, ISO 8601. */
  readonly until?: string;
}

export interface KeyEntry extends ApiKey {
  readonly secrets: readonly KeySecret[];
}

const SECRET_BYTES = 32;
const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

interface Stored {
  readonly key: ApiKey;
  readonly secrets: readonly { readonly hash: Buffer; readonly untilMs: number }[];
}

/** The keys that are valid, by id. Immutable: a changed file makes a new one. */
export class ApiKeys {
  readonly #byId: ReadonlyMap<string, Stored>;

  constructor(entries: readonly KeyEntry[]) {
    this.#byId = new Map(
      entries.map(({ secrets, ...key }) => [
        key.id,
        {
          key,
          secrets: secrets.map(({ sha256, until }) => ({
            hash: Buffer.from(sha256, 'hex'),
            untilMs: until === undefined ? Infinity : Date.parse(until),
          })),
        },
      ]),
    );
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The key that a text `ID.SECRET` is, at the time `now`, or undefined. Compares in constant time. */
  find(text: string, now: number): ApiKey | undefined {
    if (text.length > 256) return undefined;
    const dot = text.indexOf('.');
    const stored = this.#byId.get(text.slice(0, Math.max(0, dot)));
    const hash = createHash('sha256')
      .update(text.slice(dot + 1))
      .digest();
    let found = false;
    // Every secret is compared, and an unknown id costs a comparison, too.
    for (const secret of stored?.secrets ?? [{ hash: NOTHING, untilMs: 0 }])
      if (timingSafeEqual(secret.hash, hash) && now < secret.untilMs) found = true;
    return found ? stored?.key : undefined;
  }
}

const NOTHING = Buffer.alloc(32);

/** Draws a new secret. `text` is shown once, to whoever made it; `secret` goes to the keys file. */
export function createSecret(
  id: string,
  random: (bytes: number) => Uint8Array = randomBytes,
): { text: string; secret: KeySecret } {
  const secret = Buffer.from(random(SECRET_BYTES)).toString('base64url');
  return { text: `${id}.${secret}`, secret: { sha256: createHash('sha256').update(secret).digest('hex') } };
}

/** Makes a new key: its text for the one who will use it, its entry for the keys file. @throws SettingsError */
export function createKey(
  key: ApiKey,
  random: (bytes: number) => Uint8Array = randomBytes,
): { text: string; entry: KeyEntry } {
  const { text, secret } = createSecret(key.id, random);
  const entry: KeyEntry = { ...key, secrets: [secret] };
  const problems = entryProblems(entry, 'the key');
  if (problems.length > 0) throw new SettingsError(problems);
  return { text, entry };
}

/**
 * Reads a keys file: YAML, `keys: [{ id, scopes, services?, secrets: [{ sha256, until? }] }]`.
 * @throws SettingsError that lists every problem at once, and repeats no hash.
 */
export function parseKeys(text: string): ApiKeys {
  let parsed: unknown;
  try {
    // Core schema: an `until` stays the text that it is.
    parsed = parseYaml(text, { schema: 'core', maxAliasCount: 0 });
  } catch (error) {
    throw new SettingsError([notYaml(error)]);
  }
  const list = (parsed as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(list)) throw new SettingsError(['keys file: must hold a list "keys"']);
  const problems = list.flatMap((entry: unknown, index) => entryProblems(entry, `keys file: key ${index + 1}`));
  const ids = list.map((entry: { id?: unknown } | null) => entry?.id);
  if (new Set(ids).size < ids.length) problems.push('keys file: two keys have one id');
  if (problems.length > 0) throw new SettingsError(problems);
  return new ApiKeys(list as KeyEntry[]);
}

/** By code and place alone: what YAML says of a fault may quote the file, and so a hash. */
function notYaml(error: unknown): string {
  if (!(error instanceof YAMLParseError)) return 'keys file: is not YAML without aliases';
  const at = error.linePos?.[0];
  return `keys file: is not YAML${at === undefined ? '' : ` at line ${at.line}, column ${at.col}`} (${error.code})`;
}

function entryProblems(entry: unknown, where: string): string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return [`${where} is not a map`];
  const { id, scopes, services, secrets, ...others } = entry as Record<string, unknown>;
  const problems = Object.keys(others).map((name) => `${where} has ${JSON.stringify(name)}, which is not known`);
  if (typeof id !== 'string' || !ID.test(id))
    problems.push(`${where}: id must be lower-case letters, digits and "-", at most 64`);
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every((scope) => SCOPES.includes(scope as Scope)))
    problems.push(`${where}: scopes must be some of ${SCOPES.join(', ')}`);
  if (services !== undefined && (!Array.isArray(services) || !services.every((one) => typeof one === 'string')))
    problems.push(`${where}: services must be a list of names`);
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > 2)
    return [...problems, `${where}: secrets must hold one or two`];
  return [...problems, ...secrets.flatMap((secret: unknown) => secretProblems(secret, where))];
}

function secretProblems(secret: unknown, where: string): string[] {
  const { sha256, until } = (typeof secret === 'object' && secret !== null ? secret : {}) as Record<string, unknown>;
  const problems: string[] = [];
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
    problems.push(`${where}: sha256 must be 64 hexadecimal digits in lower case`);
  if (until !== undefined && (typeof until !== 'string' || Number.isNaN(Date.parse(until))))
    problems.push(`${where}: until must be a time such as 2027-01-01T00:00:00Z`);
  return problems;
}
