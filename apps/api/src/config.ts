import { setting, type Settings } from '#libs/operations';

/** The API's own settings. Whoever hosts it composes them with those of libs/operations. */
export const apiSettings = {
  sqlPort: setting.port(
    'ALPERF_SQL_PORT',
    8123,
    "Port of ClickHouse's HTTP interface for people: read-only, with limits; 0 takes a free one.",
  ),
} satisfies Settings;

/** Who may read; a host that has the collector in it takes these from there. */
export const accessSettings = {
  origins: setting.list(
    'ALPERF_ORIGINS',
    [],
    'Origins of web pages that may read, besides its own: https://library.example.',
  ),
  keysFile: setting.optionalText('ALPERF_KEYS_FILE', 'YAML file of API keys; it is read again when it changes.'),
} satisfies Settings;
