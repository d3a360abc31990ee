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

const { endpoint, key, httpPort, sqlPort, clickhouseDatabase } = KNOWN_SETTINGS;

/** What says where the server is. */
const SERVER_SETTINGS = { endpoint, key, httpPort, sqlPort, clickhouseDatabase } satisfies Settings;

type Place = Pick<Host, 'env' | 'cwd'>;

/** @throws CliError that lists every problem of the configuration. */
export function loadKnownSettings(place: Place): LoadedSettings<typeof KNOWN_SETTINGS> {
  return load(KNOWN_SETTINGS, place);
}

/** @throws CliError that lists what keeps the server from being found, and every name that does not exist. */
export function loadServerSettings(place: Place): LoadedSettings<typeof SERVER_SETTINGS> {
  return load(SERVER_SETTINGS, place);
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
