import { aggregatorSettings } from '#apps/aggregator/settings';
import { alerterSettings } from '#apps/alerter/settings';
import { apiSettings } from '#apps/api/settings';
import { collectorSettings } from '#apps/collector/settings';
import {
  dataSettings,
  httpSettings,
  logSettings,
  parseSettings,
  type Settings,
  type SettingsOf,
} from '#libs/operations';

/** Every setting of the one-process product: its own, and those of the apps in it. */
export const standaloneSettings = {
  ...httpSettings(8080),
  ...dataSettings,
  ...apiSettings,
  ...collectorSettings,
  ...aggregatorSettings,
  ...alerterSettings,
  ...logSettings,
} satisfies Settings;

export type StandaloneConfig = SettingsOf<typeof standaloneSettings>;

/** What holds when nothing is set. */
export function standaloneDefaults(): StandaloneConfig {
  return parseSettings(standaloneSettings, { env: {} }).values;
}
