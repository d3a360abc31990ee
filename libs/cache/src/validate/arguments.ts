/**
 * What is handed in by code that no compiler has checked: refused with what would be right, before anything is done.
 */

/** @throws TypeError */
export function requireFunction(given: unknown, what: string, instead: string): void {
  if (typeof given !== 'function') throw new TypeError(`${what}: is ${kindOf(given)}. Give ${instead}.`);
}

/** @throws TypeError */
export function requireObject(given: unknown, what: string, instead: string): void {
  if (!isObject(given)) throw new TypeError(`${what}: is ${kindOf(given)}. Give ${instead}.`);
}

/** Something to be walked, at once or by and by; a text is none, though it could be. @throws TypeError */
export function requireIterable(given: unknown, what: string, instead: string): void {
  const walked = given as { readonly [Symbol.iterator]?: unknown; readonly [Symbol.asyncIterator]?: unknown } | null;
  const canBe =
    isObject(given) &&
    (typeof walked?.[Symbol.iterator] === 'function' || typeof walked?.[Symbol.asyncIterator] === 'function');
  if (!canBe) throw new TypeError(`${what}: is ${kindOf(given)}. Give ${instead}.`);
}

export function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}

/** Never what it is, which may be private. */
export function kindOf(given: unknown): string {
  if (given === null) return 'null';
  return typeof given === 'object' ? 'an object' : typeof given === 'undefined' ? 'left out' : `a ${typeof given}`;
}
