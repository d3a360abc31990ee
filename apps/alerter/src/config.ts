import {
  accessSettings,
  auditSettings,
  clickHouseSettings,
  kafkaSettings,
  httpSettings,
  logSettings,
  setting,
  type Settings,
  type SettingsOf,
} from '#libs/operations';

/** The alerter's own settings. Whoever hosts it composes them with those of libs/operations. */
export const alerterSettings = {
  alertIntervalMs: setting.integer(
    'ALPERF_ALERT_INTERVAL_MS',
    3_000,
    [50, 600_000],
    "Time between two evaluations of the pipeline's own alerts, in milliseconds.",
  ),
  alertForMs: setting.integer(
    'ALPERF_ALERT_FOR_MS',
    60_000,
    [0, 86_400_000],
    'How long something must be wrong before its alert fires, in milliseconds; lost and duplicated events fire at once.',
  ),
  alertKeepFiringMs: setting.integer(
    'ALPERF_ALERT_KEEP_FIRING_MS',
    60_000,
    [0, 86_400_000],
    'How long an alert fires on after its cause was last seen, in milliseconds.',
  ),
  ...auditSettings,
} satisfies Settings;

/** Every setting of the alerter as a program of its own. */
export const alerterProgramSettings = {
  ...httpSettings(9093),
  ...logSettings,
  ...kafkaSettings,
  ...clickHouseSettings,
  ...accessSettings,
  ...alerterSettings,
} satisfies Settings;

export type AlerterConfig = SettingsOf<typeof alerterSettings>;

/** What the alerter needs of more settings than its own. Pure. */
export function alerterConfig(values: AlerterConfig): AlerterConfig {
  const { alertIntervalMs, alertForMs, alertKeepFiringMs, auditIntervalMs } = values;
  return { alertIntervalMs, alertForMs, alertKeepFiringMs, auditIntervalMs };
}
