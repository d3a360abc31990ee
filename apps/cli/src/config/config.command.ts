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

async function showConfig(_: Invocation, host: Host): Promise<Answer> {
  const { report, file } = loadKnownSettings(host);
  return {
    exitCode: EXIT.ok,
    json: {
      file: file ?? null,
      settings: report.map((one) => ({
        ...one,
        value: one.value ?? null,
        readBy: readersOf(one.variable, PROGRAMS),
      })),
    },
    text: [file === undefined ? 'No settings file.' : `Settings file: ${file}`, '', ...rows(report)].join('\n'),
  };
}

function rows(report: readonly SettingReport[]): string[] {
  const width = Math.max(...report.map(({ variable }) => variable.length));
  return report
    .toSorted((a, b) => (a.variable < b.variable ? -1 : 1))
    .map(
      ({ variable, value, source, help }) =>
        `${variable.padEnd(width)}  ${String(value ?? '(not set)')}  [${source}]  ${help}`,
    );
}
