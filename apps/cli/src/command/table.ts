/** A column of a table: its title, whether its cells begin at one line (else they end at one), and how wide it may get. */
export interface TableColumn {
  readonly title: string;
  readonly left?: boolean;
  readonly most?: number;
}

/** Lines of a table, without spaces at their ends. What is too long for its column is cut, and says so. Pure. */
export function table(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string[] {
  const cut = [columns.map(({ title }) => title), ...rows].map((row) =>
    row.map((cell, i) => shortened(cell, columns[i]!.most ?? Infinity)),
  );
  const widths = columns.map((_, i) => Math.max(...cut.map((row) => row[i]!.length)));
  return cut.map((row) =>
    row
      .map((cell, i) => (columns[i]!.left === true ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The text, or its beginning with an ellipsis. Pure. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
