import { settingsList } from '#libs/operations';
import { PROGRAMS } from './known-settings.js';

/** What docs/settings.md must be: every setting of every program, out of the schemas that read them. Pure. */
export function settingsDocument(): string {
  return `# Settings

Each setting is an environment variable, or a line in the settings file: a flat YAML map such as \`httpPort: 8080\`,
\`alperf.yaml\` in the working directory or the file that \`ALPERF_CONFIG\` names. The environment wins over the file, the
file over the default. All problems are reported at once, and a name that does not exist is one of them.
\`npm run --silent alperf -- config\` shows every setting, its value, where it came from and who reads it.

\`npm start\` runs \`standalone\`; \`collector\`, \`aggregator\`, \`alerter\` and \`api\` are the programs of a distributed installation, and
each leaves alone what it does not read. What docker-compose.yml takes for itself from the environment or \`.env\`
(\`ALPERF_API_KEYS\` and others) is in [operations.md](operations.md#start).

A setting has its name in the environment, in brackets that in the settings file, and its default.

## One process, and alike in a distributed installation

${settingsList(PROGRAMS, (readers) => readers.includes('standalone'))}

\`ALPERF_RATE_EVENTS\` and \`ALPERF_RATE_BYTES\` let one batch of any size pass as long as the key has not used up its share: what
it took beyond that is paid off before the next one passes. Until then batches are refused with 429 and \`Retry-After\`.

Without \`ALPERF_KEYS_FILE\` nobody needs a key, and none is looked at: a request with an \`Authorization\` header, whatever it
holds, is treated as one without.

## A distributed installation only

${settingsList(PROGRAMS, (readers) => !readers.includes('standalone') && !readers.includes('alperf'))}

## The command line only

${settingsList(PROGRAMS, (readers) => readers.every((one) => one === 'alperf'))}
`;
}
