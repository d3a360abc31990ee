/** Names and values that tell one alert from another, or annotate it. */
export type Labels = Readonly<Record<string, string>>;

const OFFSET = 14_695_981_039_346_656_037n;
const PRIME = 1_099_511_628_211n;
const SEPARATOR = 255;

/**
 * The identity of a set of labels, as 16 hexadecimal digits: FNV-1a over the sorted names and values, each followed by
 * 255, as Prometheus and Alertmanager do it, so that their tools name our alerts alike.
 */
export function fingerprintOf(labels: Labels): string {
  const encoder = new TextEncoder();
  let hash = OFFSET;
  const add = (byte: number) => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  };
  // By UTF-8 bytes, as Go compares; for code points this is the same order, for UTF-16 units it is not.
  for (const name of Object.keys(labels).sort(byCodePoint))
    for (const text of [name, labels[name]!]) {
      for (const byte of encoder.encode(text)) add(byte);
      add(SEPARATOR);
    }
  return hash.toString(16).padStart(16, '0');
}

/** Order by code points; a prefix comes first. */
export function byCodePoint(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
