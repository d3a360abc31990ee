import { aggregatorSettings } from '#apps/aggregator/settings';
import { alerterSettings } from '#apps/alerter/settings';
import { apiSettings } from '#apps/api/settings';
import { collectorSettings } from '#apps/collector/settings';
import {
  dataSettings,
  httpSettings,
  logSettings,
  parseSettings,
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
  const { httpPort, sqlPort, lateHours, logRetentionHours } = config;
  const problems: string[] = [];
  if (httpPort !== 0 && httpPort === sqlPort)
    problems.push(`ALPERF_HTTP_PORT and ALPERF_SQL_PORT both name port ${httpPort}; give each a port of its own`);
  if (logRetentionHours < lateHours)
    problems.push(
      `ALPERF_LOG_RETENTION_HOURS: ${logRetentionHours} is less than ALPERF_LATE_HOURS (${lateHours}), so that events ` +
        'would be let in whose like the log has cut already; raise it, or lower ALPERF_LATE_HOURS',
    );
  if (problems.length > 0) throw new SettingsError(problems);
}
