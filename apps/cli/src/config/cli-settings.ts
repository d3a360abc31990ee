import { setting, type Settings } from '#libs/operations';

/** What this tool itself reads, besides the settings of the servers it looks at. */
export const cliSettings = {
  endpoint: setting.optionalText('ALPERF_ENDPOINT', 'Address of the server that `alperf` talks to.'),
  key: setting.optionalText('ALPERF_KEY', 'API key that `alperf` shows to the server.', { secret: true }),
} satisfies Settings;
