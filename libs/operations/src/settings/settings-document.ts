import { settingsFileKey, type Settings } from './settings.js';

/** A Markdown table of settings, by variable. Pure; docs/settings.md holds its output. */
export function settingsTable(settings: Settings): string {
  const rows = Object.values(settings)
    .toSorted((a, b) => (a.variable < b.variable ? -1 : 1))
    .map((one) => [
      `\`${one.variable}\``,
      `\`${settingsFileKey(one.variable)}\``,
      defaultText(one.fallback),
      one.expects,
      // Underscores at both ends would make it bold.
      one.help.replace(/__\w+__/g, '`$&`'),
    ]);
  return table([['variable', 'settings file', 'default', 'expects', 'what it does'], ...rows]);
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
