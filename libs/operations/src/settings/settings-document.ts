import { settingsFileKey, type Setting, type Settings } from './settings.js';

/** The settings of each program, by the program's name. */
export type ProgramSettings = Readonly<Record<string, Settings>>;

/** Names of the programs that read a variable, in the order given. Pure. */
export function readersOf(variable: string, programs: ProgramSettings): string[] {
  return Object.keys(programs).filter((name) => settingOf(variable, programs[name]!) !== undefined);
}

/**
 * A Markdown list of the settings whose readers `include` takes, by variable. A list and not a table, since no screen is as
 * wide as the longest default. Pure; docs/settings.md holds its output.
 */
export function settingsList(programs: ProgramSettings, include: (readers: readonly string[]) => boolean): string {
  const variables = Object.values(programs).flatMap((settings) => Object.values(settings).map((one) => one.variable));
  return [...new Set(variables)]
    .sort()
    .map((variable) => ({ variable, readers: readersOf(variable, programs) }))
    .filter(({ readers }) => include(readers))
    .map(({ variable, readers }) => {
      const one = settingOf(variable, programs[readers[0]!]!)!;
      const fallbacks = readers.map((reader) => [reader, settingOf(variable, programs[reader]!)!.fallback] as const);
      return [
        `- **\`${variable}\`** (\`${settingsFileKey(variable)}\`), default ${defaultsText(fallbacks)}.`,
        // Underscores at both ends would make it bold.
        `  ${one.help.replace(/__\w+__/g, '`$&`')}`,
        `  Expects ${one.expects}. Read by ${readers.join(', ')}.`,
      ].join('\n');
    })
    .join('\n');
}

function settingOf(variable: string, settings: Settings): Setting<unknown> | undefined {
  return Object.values(settings).find((one) => one.variable === variable);
}

/** One default, or that of the first reader and those of the others that differ. */
function defaultsText(fallbacks: readonly (readonly [reader: string, fallback: unknown])[]): string {
  const first = defaultText(fallbacks[0]![1]);
  const others = fallbacks
    .map(([reader, fallback]) => [reader, defaultText(fallback)] as const)
    .filter(([, text]) => text !== first)
    .map(([reader, text]) => `${reader}: ${text}`);
  return others.length === 0 ? first : `${first}; ${others.join(', ')}`;
}

function defaultText(fallback: unknown): string {
  if (fallback === undefined || fallback === '' || (Array.isArray(fallback) && fallback.length === 0)) return 'none';
  return `\`${Array.isArray(fallback) ? fallback.join(', ') : String(fallback)}\``;
}
