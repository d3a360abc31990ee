import {
  clickHouseSettings,
  eventLogSettings,
  httpSettings,
  loadSettings,
  logSettings,
  setting,
  SettingsError,
  type LoadedSettings,
} from '#libs/operations';
import type { Host } from '../command/command.js';
import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';

/** The settings that the apps share, those of the one-process product, and this tool's own. */
export const KNOWN_SETTINGS = {
  ...httpSettings(8080),
  sqlPort: setting.port('ALPERF_SQL_PORT', 8123, 'Port of SQL for people; 0 takes a free one.'),
  dataDir: setting.text('ALPERF_DATA_DIR', './data', 'Folder of the log, the state and the database.'),
  keysFile: setting.optionalText('ALPERF_KEYS_FILE', 'File of API keys; `alperf keys create` makes it.'),
  ...logSettings,
  ...eventLogSettings,
  ...clickHouseSettings,
  endpoint: setting.optionalText('ALPERF_ENDPOINT', 'Address that this tool talks to.'),
  key: setting.optionalText('ALPERF_KEY', 'API key that this tool shows.', { secret: true }),
};

/** @throws CliError that lists every problem of the configuration. */
export function loadKnownSettings({ env, cwd }: Pick<Host, 'env' | 'cwd'>): LoadedSettings<typeof KNOWN_SETTINGS> {
  try {
    return loadSettings(KNOWN_SETTINGS, { env, cwd });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new CliError('SETTINGS', error.message, EXIT.failed, 'Correct these, then run `alperf config` again.', {
      cause: error,
    });
  }
}
