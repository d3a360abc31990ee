import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { CONFIG_VARIABLE } from './known-variables.js';
import { parseSettings, SettingsError, type SettingReport, type Settings, type SettingsOf } from './settings.js';

/** Read from the working directory when it is there and ALPERF_CONFIG is not set. */
export const DEFAULT_CONFIG_FILE = 'alperf.yaml';

export interface SettingsPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  readonly cwd: string;
}

export interface LoadedSettings<S extends Settings> {
  readonly values: SettingsOf<S>;
  readonly report: readonly SettingReport[];
  /** The settings file that was read, if there was one. */
  readonly file: string | undefined;
}

/**
 * Reads the settings of a program: environment over settings file over defaults.
 * @throws SettingsError that lists every problem at once.
 */
export function loadSettings<S extends Settings>(settings: S, { env, cwd }: SettingsPlace): LoadedSettings<S> {
  const found = readSettingsFile(env[CONFIG_VARIABLE] || undefined, cwd);
  return { ...parseSettings(settings, { env, file: found?.content }), file: found?.path };
}

function readSettingsFile(named: string | undefined, cwd: string) {
  const path = resolve(cwd, named ?? DEFAULT_CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && named === undefined) return undefined;
    throw new SettingsError([`${path} cannot be read (${code}): check ${CONFIG_VARIABLE}`]);
  }
  return { path, content: parseSettingsFile(text, path) };
}

/**
 * Reads the text of a settings file: a flat YAML map. Pure.
 * @throws SettingsError with line and column when it is not one.
 */
export function parseSettingsFile(text: string, path = DEFAULT_CONFIG_FILE): Record<string, unknown> {
  const document = parseDocument(text, { prettyErrors: true, maxAliasCount: 0 } as Parameters<typeof parseDocument>[1]);
  if (document.errors.length > 0)
    throw new SettingsError(document.errors.map((one) => `${path}: ${one.message.split('\n')[0]}`));
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new SettingsError([`${path}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content))
    throw new SettingsError([
      `${path}: expected lines like "httpPort: 8080", found ${Array.isArray(content) ? 'a list' : `a ${typeof content}`}`,
    ]);
  return content as Record<string, unknown>;
}
