/**
 * What names an entry: a string, or a value built of plain parts. Fields of an object are told by their names, not by
 * their order; a field that is undefined is as good as none.
 */
export type CacheKey = CacheKeyPart | readonly CacheKey[] | { readonly [field: string]: CacheKey | undefined };
export type CacheKeyPart = string | number | bigint | boolean | null;

/** What an encoded key that is no plain text begins with. */
const TEXT = '\u0001';
const LIST = '\u0002';
const PART = '\u0003';
const NAMESPACE = '\u0004';
/** Ends a text within a list or an object, and a list or an object. */
const END = '\u0000';

/**
 * The one encoding of a key, in every tier and for every operation: two keys are the same when their encodings are.
 * A plain text stands for itself, at the cost of looking at its first character. The encoding of a list is a beginning of
 * the encoding of every list that begins with its parts, which is what `invalidatePrefix` goes by.
 * @throws TypeError for what is no key: NaN, a function, a symbol, undefined at the top, an instance of a class.
 */
export function encodeKey(key: CacheKey): string {
  return typeof key === 'string' && isPlain(key) ? key : encodeOther(key);
}

/** Apart, so that the rest is short enough to become a part of every get. */
function encodeOther(key: CacheKey): string {
  if (typeof key === 'string') return TEXT + key;
  if (Array.isArray(key)) {
    let encoded = LIST;
    for (const part of key as readonly CacheKey[]) encoded += encodePart(part, 0);
    return encoded;
  }
  return PART + encodePart(key, 0);
}

/** The key that an encoding stands for: objects come back with their fields in order. @throws TypeError */
export function decodeKey(encoded: string): CacheKey {
  const first = encoded.charAt(0);
  if (encoded === '' || first > NAMESPACE) return encoded;
  if (first === TEXT) return encoded.slice(1);
  if (first === NAMESPACE) throw new TypeError('This key is of a namespace: see withoutNamespace.');
  const reader = new Reader(encoded, 1);
  if (first === PART) return reader.last(reader.part());
  const parts: CacheKey[] = [];
  while (!reader.done) parts.push(reader.part());
  return parts;
}

/** What the encodings begin with of the keys that begin so: a text's beginning, or the first parts of a list. @throws TypeError */
export function keyPrefix(beginning: string | readonly CacheKey[]): string {
  if (beginning === '')
    throw new TypeError('Every text begins with the empty one. Clear the cache, or name a beginning.');
  if (typeof beginning !== 'string' && !Array.isArray(beginning))
    throw new TypeError(
      'Of texts and of lists there is a beginning. Give that of a text, or the first parts of a list.',
    );
  return encodeKey(beginning);
}

/** What the encodings of all keys of a namespace begin with; a namespace in another one has both. @throws TypeError */
export function namespacePrefix(name: string): string {
  if (typeof name !== 'string' || name === '')
    throw new TypeError('A namespace needs a name: a text that is not empty.');
  return `${NAMESPACE}${escaped(name)}${END}`;
}

/** The namespaces that an encoded key is in, from the outermost on, and its encoding in there. */
export function withoutNamespace(encoded: string): { readonly namespace: readonly string[]; readonly encoded: string } {
  const namespace: string[] = [];
  let from = 0;
  while (encoded.charAt(from) === NAMESPACE) {
    const end = encoded.indexOf(END, from);
    if (end === -1) break;
    namespace.push(unescaped(encoded.slice(from + 1, end)));
    from = end + 1;
  }
  return { namespace, encoded: encoded.slice(from) };
}

/** Whether a text may stand for itself: it does not begin like an encoding. */
export function isPlain(text: string): boolean {
  // NaN for the empty text, which no comparison holds for.
  return !(text.charCodeAt(0) <= 4);
}

/** Deeper than this is no key but a mistake, such as an object that holds itself. */
const DEEPEST = 32;

function encodePart(part: CacheKey | undefined, depth: number): string {
  switch (typeof part) {
    case 'string':
      return `s${escaped(part)}${END}`;
    case 'number':
      if (Number.isNaN(part)) throw new TypeError('A cache key holds NaN, which equals nothing.');
      return `n${part === 0 ? 0 : part}${END}`;
    case 'bigint':
      return `i${part}${END}`;
    case 'boolean':
      return part ? 't' : 'f';
    case 'object':
      if (part === null) return '0';
      if (depth >= DEEPEST) throw new TypeError(`A cache key is nested deeper than ${DEEPEST}; does it hold itself?`);
      return Array.isArray(part) ? list(part as readonly CacheKey[], depth) : fields(part, depth);
    default:
      throw new TypeError(
        `A cache key holds a value of type ${typeof part}. Build keys of texts, numbers, bigints, booleans, null, lists and plain objects.`,
      );
  }
}

function list(parts: readonly CacheKey[], depth: number): string {
  let encoded = 'a';
  for (const part of parts) encoded += encodePart(part, depth + 1);
  return encoded + END;
}

function fields(part: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(part);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(
      `A cache key holds an instance of ${part.constructor?.name ?? 'a class'}. Put in what names it, such as an id or toISOString().`,
    );
  const named = part as { readonly [field: string]: CacheKey | undefined };
  let encoded = 'o';
  for (const name of Object.keys(named).sort())
    if (named[name] !== undefined) encoded += `k${escaped(name)}${END}${encodePart(named[name], depth + 1)}`;
  return encoded + END;
}

const ESCAPE = '\u0001';

/** Without the character that ends a text: `\u0000` becomes `\u0001a`, and `\u0001` becomes `\u0001b`. */
function escaped(text: string): string {
  if (!text.includes(END) && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, `${ESCAPE}b`).replaceAll(END, `${ESCAPE}a`);
}

function unescaped(text: string): string {
  return text.replaceAll(`${ESCAPE}a`, END).replaceAll(`${ESCAPE}b`, ESCAPE);
}

class Reader {
  readonly #text: string;
  #at: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  last(part: CacheKey): CacheKey {
    if (!this.done) throw this.#problem();
    return part;
  }

  part(): CacheKey {
    const tag = this.#text.charAt(this.#at++);
    switch (tag) {
      case 's':
        return unescaped(this.#toEnd());
      case 'n':
        return Number(this.#toEnd());
      case 'i':
        return BigInt(this.#toEnd());
      case 't':
        return true;
      case 'f':
        return false;
      case '0':
        return null;
      case 'a':
        return this.#list();
      case 'o':
        return this.#fields();
      default:
        throw this.#problem();
    }
  }

  #list(): CacheKey[] {
    const parts: CacheKey[] = [];
    while (!this.#atEnd()) parts.push(this.part());
    return parts;
  }

  #fields(): CacheKey {
    const named: [string, CacheKey][] = [];
    while (!this.#atEnd()) {
      if (this.#text.charAt(this.#at++) !== 'k') throw this.#problem();
      named.push([unescaped(this.#toEnd()), this.part()]);
    }
    return Object.fromEntries(named);
  }

  #atEnd(): boolean {
    if (this.done) throw this.#problem();
    if (this.#text.charAt(this.#at) !== END) return false;
    this.#at++;
    return true;
  }

  #toEnd(): string {
    const end = this.#text.indexOf(END, this.#at);
    if (end === -1) throw this.#problem();
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #problem(): TypeError {
    return new TypeError(`This is no encoded cache key, at character ${this.#at}.`);
  }
}
