/** What an object, a list or a field costs beside what it holds; V8 on 64 bits, about. */
const OBJECT_BYTES = 32;
const FIELD_BYTES = 16;
const NUMBER_BYTES = 8;
const TEXT_BYTES = 24;
/** Values looked at; what is beyond counts as the mean of what was seen. */
const MOST_LOOKS = 256;

/**
 * About how many bytes a value takes in memory, by looking at no more than 256 of its parts: exact for texts and binary
 * data, within a factor of two for objects of plain parts. Give a `weigher` where that is not good enough.
 */
export function estimateBytes(value: unknown): number {
  const waiting: unknown[] = [value];
  const seen = new Set<object>();
  let bytes = 0;
  let looks = 0;
  while (waiting.length > 0 && looks < MOST_LOOKS) {
    const part = waiting.pop();
    looks++;
    if (typeof part === 'string') bytes += TEXT_BYTES + textBytes(part);
    else if (typeof part !== 'object' || part === null) bytes += NUMBER_BYTES;
    else if (ArrayBuffer.isView(part)) bytes += OBJECT_BYTES * 3 + part.byteLength;
    else if (part instanceof ArrayBuffer) bytes += OBJECT_BYTES * 2 + part.byteLength;
    else if (!seen.has(part)) {
      seen.add(part);
      bytes += OBJECT_BYTES;
      for (const held of partsOf(part)) {
        bytes += FIELD_BYTES;
        waiting.push(held);
      }
    }
  }
  return Math.ceil(looks === 0 ? bytes : bytes * (1 + waiting.length / looks));
}

function partsOf(part: object): Iterable<unknown> {
  if (Array.isArray(part) || part instanceof Set) return part;
  if (part instanceof Map) return [...part].flat();
  return Object.values(part);
}

/** One byte a character, or two when one of the first does not fit into one. */
function textBytes(text: string): number {
  for (let at = 0; at < Math.min(text.length, 32); at++) if (text.charCodeAt(at) > 0xff) return text.length * 2;
  return text.length;
}
