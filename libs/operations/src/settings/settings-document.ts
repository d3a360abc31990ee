import { settingsFileKey, type Setting, type Settings } from './settings.js';

/** The settings of each program, by the program's name. */
export type ProgramSettings = Readonly<Record<string, Settings>>;

/** Names of the programs that read a variable, in the order given. Pure. */
export function readersOf(variable: string, programs: ProgramSettings): string[] {
  return Object.keys(programs).filter((name) => settingOf(variable, programs[name]!) !== undefined);
}

/** A Markdown table of the settings of all programs, by variable. Pure; docs/settings.md holds its output. */
export function settingsTable(programs: ProgramSettings): string {
  const variables = Object.values(programs).flatMap((settings) => Object.values(settings).map((one) => one.variable));
  const rows = [...new Set(variables)].sort().map((variable) => {
    const readers = readersOf(variable, programs);
    const one = settingOf(variable, programs[readers[0]!]!)!;
    return [
      `\`${variable}\``,
      `\`${settingsFileKey(variable)}\``,
      defaultsText(readers.map((reader) => [reader, settingOf(variable, programs[reader]!)!.fallback])),
      one.expects,
      // Underscores at both ends would make it bold.
      one.help.replace(/__\w+__/g, '`$&`'),
      readers.join(', '),
    ];
  });
  return table([['variable', 'settings file', 'default', 'expects', 'what it does', 'read by'], ...rows]);
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
  return `\`${Array.isArray(fallback) ? fallback.join(',') : String(fallback)}\``;
}

/** Aligned as the formatter does it, so that the file passes its check. */
function table([head, ...body]: readonly (readonly string[])[]): string {
  const rows = [head!, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = rows[0]!.map((_, column) => Math.max(3, ...rows.map((row) => [...row[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell + ' '.repeat(widths[i]! - [...cell].length)).join(' | ')} |`;
  return [
    line(rows[0]!),
    `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`,
    ...rows.slice(1).map(line),
  ].join('\n');
}
