import { PipelineError } from '#libs/contracts';

/** Where a value came from, for `alperf config`. */
export type SettingSource = 'default' | 'file' | 'environment';

/** One setting: its variable, how its text is read, what it means. The name in the settings file is its key. */
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
export type SettingsOf<S extends Settings> = { readonly [Key in keyof S]: S[Key] extends Setting<infer Value> ? Value : never };

export interface SettingReport {
  readonly key: string;
  readonly variable: string;
  readonly value: unknown;
  readonly source: SettingSource;
  readonly help: string;
}

/** Every problem of a configuration at once, each with the setting's name and what it expects. */
export class SettingsError extends PipelineError {
  constructor(readonly problems: readonly string[]) {
    super('SETTINGS', `The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((one) => `  - ${one}`).join('\n')}`, false);
  }
}

export interface SettingsInput {
  /** The process's environment. Variables that start with ALPERF_ and are not in `known` are problems. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the settings file holds, if there is one: a flat map from key to scalar. */
  readonly file?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads settings: environment over file over default. Pure.
 * @throws SettingsError that lists every problem at once.
 */
export function parseSettings<S extends Settings>(settings: S, input: SettingsInput): { values: SettingsOf<S>; report: SettingReport[] } {
  const problems: string[] = [];
  const report: SettingReport[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const { text, source } = rawValue(key, setting, input);
    const value = text === undefined ? setting.fallback : setting.parse(text);
    if (value === undefined && text !== undefined)
      problems.push(`${source === 'file' ? `${key} (settings file)` : setting.variable}: ${setting.secret === true ? 'the value' : JSON.stringify(text)} is not ${setting.expects}`);
    values[key] = value;
    report.push({ key, variable: setting.variable, value, source, help: setting.help });
  }
  problems.push(...unknownNames(settings, input));
  if (problems.length > 0) throw new SettingsError(problems);
  return { values: values as SettingsOf<S>, report };
}

function rawValue(key: string, setting: Setting<unknown>, { env, file }: SettingsInput): { text?: string; source: SettingSource } {
  const fromEnv = env[setting.variable];
  if (fromEnv !== undefined && fromEnv !== '') return { text: fromEnv, source: 'environment' };
  const fromFile = file?.[key];
  if (fromFile !== undefined && fromFile !== null)
    return { text: Array.isArray(fromFile) ? fromFile.join(',') : String(fromFile), source: 'file' };
  return { source: 'default' };
}

function unknownNames(settings: Settings, { file }: SettingsInput): string[] {
  return Object.keys(file ?? {})
    .filter((key) => !Object.hasOwn(settings, key))
    .map((key) => `${key} (settings file): there is no such setting; the known ones are ${Object.keys(settings).join(', ')}`);
}
