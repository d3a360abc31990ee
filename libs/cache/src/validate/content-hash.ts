import { hashToHex, KeyHasher } from '#libs/sampling';

/** Two hashes of 64 bits: values are not told apart by chance once in 2⁶⁴ pairs. They are no secret, and keep none. */
const HALVES = [new KeyHasher('content hash, 1'), new KeyHasher('content hash, 2')];
/** Deeper than this it may hold itself. */
const DEEPEST = 64;

/**
 * A hash of what a value is made of: 32 hexadecimal digits, the same in every process, whatever the order of fields. Plain
 * objects, lists, texts, numbers, bigints, dates, Maps, Sets and bytes. Undefined for what else it holds, such as
 * functions and instances of classes. O(size of the value).
 */
export function contentHash(value: unknown): string | undefined {
  const text = written(value, 0);
  return text === undefined ? undefined : HALVES.map((hasher) => hashToHex(hasher.hash(text))).join('');
}

/** One text for one value; each part says how long it is, so that no two run into each other. */
function written(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`;
    case 'number':
      return Object.is(value, -0) ? 'n-0;' : `n${value};`;
    case 'bigint':
      return `i${value};`;
    case 'boolean':
      return value ? 't' : 'f';
    case 'undefined':
      return 'u';
    case 'object':
      return value === null ? '0' : depth < DEEPEST ? object(value, depth + 1) : undefined;
    default:
      return undefined;
  }
}

function object(value: object, depth: number): string | undefined {
  if (Array.isArray(value)) return list('a', value, depth);
  // By its tag, not instanceof: what another realm made is as good.
  switch (Object.prototype.toString.call(value)) {
    case '[object Date]':
      return `d${(value as Date).getTime()};`;
    case '[object Map]':
      return list('m', [...(value as Map<unknown, unknown>)].flat(1), depth);
    case '[object Set]':
      return list('e', [...(value as Set<unknown>)], depth);
    case '[object ArrayBuffer]':
      return bytes('ArrayBuffer', new Uint8Array(value as ArrayBuffer));
  }
  if (ArrayBuffer.isView(value))
    return bytes(value.constructor.name, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return undefined;
  const named = value as Readonly<Record<string, unknown>>;
  const fields = Object.keys(named)
    .sort()
    .filter((name) => named[name] !== undefined);
  return list(
    'o',
    fields.flatMap((name) => [name, named[name]]),
    depth,
  );
}

function list(kind: string, parts: readonly unknown[], depth: number): string | undefined {
  let text = `${kind}${parts.length}:`;
  for (const part of parts) {
    const one = written(part, depth);
    if (one === undefined) return undefined;
    text += one;
  }
  return text;
}

function bytes(kind: string, all: Uint8Array): string {
  let text = `b${kind}${all.length}:`;
  for (let from = 0; from < all.length; from += 4_096) text += String.fromCharCode(...all.subarray(from, from + 4_096));
  return text;
}
