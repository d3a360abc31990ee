import { aggregatorSettings } from '#apps/aggregator';
import { apiSettings } from '#apps/api';
import { collectorSettings } from '#apps/collector';
import { httpSettings, logSettings, parseSettings, setting, type Settings, type SettingsOf } from '#libs/operations';

/** Every setting of the one-process product: its own, and those of the apps in it. */
export const standaloneSettings = {
  ...httpSettings(8080),
  dataDir: setting.text(
    'ALPERF_DATA_DIR',
    './data',
    'Directory of the log, the state and the database; for one process at a time.',
  ),
  ...apiSettings,
  ...collectorSettings,
  ...aggregatorSettings,
  ...logSettings,
} satisfies Settings;

export type StandaloneConfig = SettingsOf<typeof standaloneSettings>;

/** What holds when nothing is set. */
export function standaloneDefaults(): StandaloneConfig {
  return parseSettings(standaloneSettings, { env: {} }).values;
}
