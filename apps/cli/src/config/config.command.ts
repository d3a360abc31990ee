import { readersOf, type SettingReport } from '#libs/operations';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { loadKnownSettings, PROGRAMS } from './known-settings.js';

export const configCommand: Command = {
  name: 'config',
  summary: 'Show every setting, its value and where it came from. Secrets are shown as (set).',
  description:
    'Values come from ALPERF_* variables, else from the settings file (ALPERF_CONFIG, or alperf.yaml), else by default.',
  arguments: [],
  options: {},
  examples: ['config', 'config --json'],
  run: showConfig,
};

type Shown = SettingReport & { readonly readBy: readonly string[] };

async function showConfig(_: Invocation, host: Host): Promise<Answer> {
  const { report, file } = loadKnownSettings(host);
  const settings = report.map((one): Shown => ({ ...one, readBy: readersOf(one.variable, PROGRAMS) }));
  return {
    exitCode: EXIT.ok,
    json: { file: file ?? null, settings: settings.map((one) => ({ ...one, value: one.value ?? null })) },
    text: [file === undefined ? 'No settings file.' : `Settings file: ${file}`, ...sections(settings)].join('\n'),
  };
}

/** What `npm start` reads first: whoever runs that alone need not look at the rest. Pure. */
function sections(settings: readonly Shown[]): string[] {
  const width = Math.max(...settings.map(({ variable }) => variable.length));
  const byStart = Object.groupBy(
    settings.toSorted((a, b) => (a.variable < b.variable ? -1 : 1)),
    ({ readBy }) => (readBy.includes('standalone') ? 'start' : 'others'),
  );
  const rows = (some: readonly Shown[] = []) =>
    some.map(
      ({ variable, value, source, help, readBy }) =>
        `${variable.padEnd(width)}  ${String(value ?? '(not set)')}  [${source}]  ${help}  Read by: ${readBy.join(', ')}.`,
    );
  return [
    '',
    'Read by `npm start` (standalone):',
    ...rows(byStart.start),
    '',
    'Not read by `npm start`:',
    ...rows(byStart.others),
  ];
}
