import { settingsTable } from '#libs/operations';
import { standaloneSettings } from './config.js';

/** What docs/settings.md must be: every setting of the one-process product, out of the schema that reads them. Pure. */
export function settingsDocument(): string {
  return `# Settings

Each setting is an environment variable, or a line in the settings file: a flat YAML map such as \`httpPort: 8080\`,
\`alperf.yaml\` in the working directory or the file that \`ALPERF_CONFIG\` names. The environment wins over the file, the
file over the default. All problems are reported at once, and a name that does not exist is one of them.
\`npm run --silent alperf -- config\` shows every setting, its value and where it came from.

${settingsTable(standaloneSettings)}
`;
}
