import { aggregatorSettings } from '#apps/aggregator/settings';
import { alerterSettings } from '#apps/alerter/settings';
import { apiSettings } from '#apps/api/settings';
import { collectorSettings } from '#apps/collector/settings';
import {
  dataSettings,
  httpSettings,
  logSettings,
  parseSettings,
  retentionProblems,
  SettingsError,
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

/**
 * What no setting can tell by itself. Pure.
 * @throws SettingsError that lists every problem at once.
 */
export function checkTogether(config: StandaloneConfig): void {
  const { httpPort, sqlPort } = config;
  const problems = retentionProblems(config);
  if (httpPort !== 0 && httpPort === sqlPort)
    problems.unshift(`ALPERF_HTTP_PORT and ALPERF_SQL_PORT both name port ${httpPort}; give each a port of its own`);
  if (problems.length > 0) throw new SettingsError(problems);
}
