import { PipelineError } from '#libs/contracts';
import { CONFIG_VARIABLE, KNOWN_VARIABLES, suggestion, unknownVariables } from './known-variables.js';

/** Where a value came from, for `alperf config`. */
export type SettingSource = 'default' | 'file' | 'environment';

/** One setting: its variable, how its text is read, what it means. The variable gives its name in the settings file. */
export interface Setting<Value> {
  /** `ALPERF_…`; the unit, when there is one, is in the name. */
  readonly variable: string;
  /** One sentence for the documentation, with the range. */
  readonly help: string;
  readonly fallback: Value;
  /** What a value looks like, in words: `a port (0–65535)`. */
  readonly expects: string;
  /** Never shown: `alperf config` prints `(set)`. */
  readonly secret?: boolean;
  /** @returns the value, or undefined when the text is not what is expected. */
  readonly parse: (text: string) => Value | undefined;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type SettingsOf<S extends Settings> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer Value> ? Value : never;
};

export interface SettingReport {
  readonly key: string;
  readonly variable: string;
  /** `(set)` in place of a secret. */
  readonly value: unknown;
  readonly source: SettingSource;
  readonly help: string;
}

/** Every problem of a configuration at once, each with the setting's name and what it expects. */
export class SettingsError extends PipelineError {
  constructor(readonly problems: readonly string[]) {
    super(
      'SETTINGS',
      `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((one) => `  - ${one}`).join('\n')}`,
      false,
    );
  }
}

export interface SettingsInput {
  /** The process's environment. A variable that starts with ALPERF_ and that no app of the project knows is a problem. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the settings file holds, if there is one: a flat map from key to scalar. */
  readonly file?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads settings: environment over file over default. Pure.
 * @throws SettingsError that lists every problem at once.
 */
export function parseSettings<S extends Settings>(
  settings: S,
  input: SettingsInput,
): { values: SettingsOf<S>; report: SettingReport[] } {
  const problems: string[] = [];
  const report: SettingReport[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const { text, problem, source } = rawValue(setting, input);
    const value = text === undefined ? setting.fallback : setting.parse(text);
    const name = source === 'file' ? `${settingsFileKey(setting.variable)} (settings file)` : setting.variable;
    if (problem !== undefined) problems.push(`${name} is ${problem}; expected ${setting.expects}`);
    else if (value === undefined && text !== undefined)
      problems.push(
        `${name}: ${setting.secret === true ? 'the value' : JSON.stringify(text)} is not ${setting.expects}`,
      );
    values[key] = value;
    report.push({ key, variable: setting.variable, value: shown(setting, value), source, help: setting.help });
  }
  problems.push(...unknownNames(settings, input));
  if (problems.length > 0) throw new SettingsError(problems);
  return { values: values as SettingsOf<S>, report };
}

/** A value without what is secret in it: all of a secret, the login of an address. */
function shown({ secret }: Setting<unknown>, value: unknown): unknown {
  if (secret === true && value !== undefined) return '(set)';
  return typeof value === 'string' ? value.replace(/\/\/[^/@\s]+@/, '//(set)@') : value;
}

/** A setting's name in the settings file: `ALPERF_HTTP_PORT` is `httpPort`. */
export function settingsFileKey(variable: string): string {
  return variable
    .replace(/^ALPERF_/, '')
    .toLowerCase()
    .replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function rawValue(
  setting: Setting<unknown>,
  { env, file }: SettingsInput,
): { text?: string; problem?: string; source: SettingSource } {
  const fromEnv = env[setting.variable];
  if (fromEnv !== undefined && fromEnv !== '') return { text: fromEnv, source: 'environment' };
  const key = settingsFileKey(setting.variable);
  const fromFile = file !== undefined && Object.hasOwn(file, key) ? file[key] : undefined;
  if (fromFile === undefined || fromFile === null) return { source: 'default' };
  if (isScalar(fromFile)) return { text: String(fromFile), source: 'file' };
  if (Array.isArray(fromFile) && fromFile.every(isScalar)) return { text: fromFile.join(','), source: 'file' };
  return { problem: 'neither one value nor a list of values', source: 'file' };
}

function isScalar(value: unknown): boolean {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
  );
}

function unknownNames(settings: Settings, { env, file }: SettingsInput): string[] {
  const own = Object.values(settings).map(({ variable }) => variable);
  // The file cannot say where the file is.
  const keys = [...new Set([...KNOWN_VARIABLES, ...own])].filter((one) => one !== CONFIG_VARIABLE).map(settingsFileKey);
  return [
    ...unknownVariables(env, own),
    ...Object.keys(file ?? {})
      .filter((key) => !keys.includes(key))
      .map((key) => `${key} (settings file): there is no such setting${suggestion(key, keys)}`),
  ];
}
