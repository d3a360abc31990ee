import { RE2JS } from 're2js';
import type { Labels } from './labels.js';
import type { Matcher } from './matcher.js';

/** Whether a value is matched. */
export type ValueTest = (value: string) => boolean;

/** Characters that mean something in a regular expression. */
const SPECIAL = /[\\.+*?()|[\]{}^$]/;

/** Expressions that are kept compiled; when there are more, the oldest goes. */
const KEPT = 500;
const compiled = new Map<string, ValueTest>();

/** `a|b|c`, with nothing else that means something; undefined otherwise. */
function literalsOf(pattern: string): readonly string[] | undefined {
  const literals = pattern.split('|');
  return literals.some((literal) => SPECIAL.test(literal)) ? undefined : literals;
}

/** `prefix.*`, `.*suffix`, `.*middle.*`, `.*`, `.+`: the same with the text alone. */
function simpleTest(pattern: string): ValueTest | undefined {
  const literals = literalsOf(pattern);
  if (literals !== undefined) {
    if (literals.length === 1) return (value) => value === pattern;
    const known = new Set(literals);
    return (value) => known.has(value);
  }
  if (pattern === '.+') return (value) => value !== '';
  const fromAnything = pattern.startsWith('.*');
  const toAnything = pattern.endsWith('.*') && (pattern.length > 2 || !fromAnything);
  const text = pattern.slice(fromAnything ? 2 : 0, toAnything ? -2 : undefined);
  if (SPECIAL.test(text)) return undefined;
  if (fromAnything && toAnything) return (value) => value.includes(text);
  if (fromAnything) return (value) => value.endsWith(text);
  return toAnything ? (value) => value.startsWith(text) : undefined;
}

/**
 * Compiles a regular expression of RE2's syntax that is to match a whole value, line breaks included. Kept, as queries ask
 * again. It runs in time linear in the value, whatever the expression. @throws RE2JSException when it is none
 */
export function compilePattern(pattern: string): ValueTest {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const simple = simpleTest(pattern);
  const expression = simple === undefined ? RE2JS.compile(pattern, RE2JS.DOTALL) : undefined;
  const test: ValueTest = simple ?? ((value) => expression?.testExact(value) ?? false);
  compiled.set(pattern, test);
  for (const oldest of compiled.keys()) {
    if (compiled.size <= KEPT) break;
    compiled.delete(oldest);
  }
  return test;
}

/** The test of a matcher's value. @throws RE2JSException when its regular expression is none */
export function compileMatcher({ operator, value }: Matcher): ValueTest {
  if (operator === '=') return (other) => other === value;
  if (operator === '!=') return (other) => other !== value;
  const matches = compilePattern(value);
  return operator === '=~' ? matches : (other) => !matches(other);
}

/** Compiles matchers that all have to hold. A label that is not there is the empty text. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labels.get(name)));
}
