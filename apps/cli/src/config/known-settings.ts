import { aggregatorProgramSettings } from '#apps/aggregator/settings';
import { alerterProgramSettings } from '#apps/alerter/settings';
import { apiProgramSettings } from '#apps/api/settings';
import { collectorProgramSettings } from '#apps/collector/settings';
import { standaloneSettings } from '#apps/standalone/settings';
import {
  loadSettings,
  SettingsError,
  type LoadedSettings,
  type ProgramSettings,
  type Settings,
} from '#libs/operations';
import type { Host } from '../command/command.js';
import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { cliSettings } from './cli-settings.js';

/** Every program and what it reads: `config`, `doctor` and docs/settings.md come from here. */
export const PROGRAMS = {
  standalone: standaloneSettings,
  collector: collectorProgramSettings,
  aggregator: aggregatorProgramSettings,
  alerter: alerterProgramSettings,
  api: apiProgramSettings,
  alperf: cliSettings,
} satisfies ProgramSettings;

/** All of them at once; where defaults differ between programs, those of the one-process product. */
export const KNOWN_SETTINGS = {
  ...collectorProgramSettings,
  ...aggregatorProgramSettings,
  ...alerterProgramSettings,
  ...apiProgramSettings,
  ...cliSettings,
  ...standaloneSettings,
} satisfies Settings;

const { endpoint, key, httpPort, sqlPort, clickhouseDatabase, keysFile, dataDir, logRetentionHours } = KNOWN_SETTINGS;

/** What commands fall back on where an option is not given. */
const COMMAND_SETTINGS = {
  endpoint,
  key,
  httpPort,
  sqlPort,
  clickhouseDatabase,
  keysFile,
  dataDir,
  logRetentionHours,
} satisfies Settings;

type Place = Pick<Host, 'env' | 'cwd'>;

/** @throws CliError that lists every problem of the configuration. */
export function loadKnownSettings(place: Place): LoadedSettings<typeof KNOWN_SETTINGS> {
  return load(KNOWN_SETTINGS, place);
}

/** @throws CliError that lists what is wrong with these, and every name that does not exist. */
export function loadCommandSettings(place: Place): LoadedSettings<typeof COMMAND_SETTINGS> {
  return load(COMMAND_SETTINGS, place);
}

function load<S extends Settings>(settings: S, { env, cwd }: Place): LoadedSettings<S> {
  try {
    return loadSettings(settings, { env, cwd });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new CliError('SETTINGS', error.message, EXIT.failed, 'Correct these, then run the command again.', {
      cause: error,
    });
  }
}
