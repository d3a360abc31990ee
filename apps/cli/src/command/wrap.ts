/** Lines no longer than so many columns, broken at spaces where there are some; all but the first are indented, where there is room. Pure. */
export function wrapped(text: string, columns: number, indent = '    '): string[] {
  const margin = columns > 2 * indent.length ? indent : '';
  const lines: string[] = [];
  let left = text;
  while (left.length > columns) {
    const space = left.lastIndexOf(' ', columns);
    // A space of the margin is no place to break at: it would never end.
    const end = left.slice(0, Math.max(0, space)).trim() === '' ? columns : space;
    lines.push(left.slice(0, end).trimEnd());
    left = `${margin}${left.slice(end).trimStart()}`;
  }
  return [...lines, left];
}
