/**
 * The name that is nearest to one, by letters to change, add or leave out; undefined where none is near: more than a third of
 * the letters differ. Of equally near ones the one that begins the same for longer. O(names · length²), and names that are much longer or shorter cost nothing
 */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const written = name.toLowerCase();
  let nearest: string | undefined;
  let least = Math.floor(written.length / 3) + 1;
  let same = -1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - written.length) > least) continue;
    const distance = editDistance(written, candidate);
    const beginning = commonBeginning(written, candidate);
    if (distance < least || (distance === least && beginning > same && nearest !== undefined)) {
      [nearest, least, same] = [candidate, distance, beginning];
    }
  }
  return nearest;
}

function commonBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
