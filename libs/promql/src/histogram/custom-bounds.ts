/** The same bounds in the same order. */
export function sameBounds(a: readonly number[] = [], b: readonly number[] = []): boolean {
  return a === b || (a.length === b.length && a.every((bound, at) => bound === b[at]));
}

/** The bounds that both have; both ascend. O(n + m) */
export function sharedBounds(a: readonly number[] = [], b: readonly number[] = []): number[] {
  const shared: number[] = [];
  let other = 0;
  for (const bound of a) {
    while (other < b.length && (b[other] ?? Infinity) < bound) other++;
    if (b[other] === bound) shared.push(bound);
  }
  return shared;
}

/** The bucket among those of some bounds that all of a bucket of finer bounds falls in; the last one is up to +Inf. */
export function bucketAmong(shared: readonly number[], bound: number | undefined): number {
  if (bound === undefined) return shared.length;
  let low = 0;
  let high = shared.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shared[middle] ?? Infinity) >= bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
