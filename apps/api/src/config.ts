import {
  accessSettings,
  clickHouseSettings,
  httpSettings,
  kafkaSettings,
  logSettings,
  setting,
  type Settings,
} from '#libs/operations';

/** The API's own settings. Whoever hosts it composes them with those of libs/operations. */
export const apiSettings = {
  sqlPort: setting.port(
    'ALPERF_SQL_PORT',
    8123,
    "Port of ClickHouse's HTTP interface for people: read-only, with limits; 0 takes a free one.",
  ),
} satisfies Settings;

/** Every setting of the API as a program of its own. */
export const apiProgramSettings = {
  ...httpSettings(8080),
  ...logSettings,
  ...kafkaSettings,
  ...clickHouseSettings,
  ...accessSettings,
  ...apiSettings,
} satisfies Settings;
