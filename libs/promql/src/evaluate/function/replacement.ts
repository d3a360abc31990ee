const NAME = /^(?:\{(\w+)\}|([\p{L}\p{Nd}_]+))/u;

/** A group is a number without leading zeros, or a name. */
function groupOf(name: string, groups: readonly string[], named: ReadonlyMap<string, number>): string {
  const at = /^(?:0|[1-9]\d{0,7})$/.test(name) ? Number(name) : named.get(name);
  return at === undefined ? '' : (groups[at] ?? '');
}

/**
 * A template with `$1`, `${name}` and `$$` filled in from the groups of a match, as Go's regular expressions do it: a name
 * is as long as it can be, a group that there is not is empty, and any other `$` stands for itself. O(n)
 */
export function expanded(template: string, groups: readonly string[], named: ReadonlyMap<string, number>): string {
  const parts: string[] = [];
  let rest = template;
  for (let at = rest.indexOf('$'); at >= 0; at = rest.indexOf('$')) {
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
    if (rest.startsWith('$')) {
      parts.push('$');
      rest = rest.slice(1);
      continue;
    }
    const reference = NAME.exec(rest);
    if (reference === null) {
      parts.push('$');
      continue;
    }
    parts.push(groupOf(reference[1] ?? reference[2] ?? '', groups, named));
    rest = rest.slice(reference[0].length);
  }
  return parts.join('') + rest;
}
