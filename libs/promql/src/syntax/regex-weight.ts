import { QuerySyntaxError } from '../errors.js';
import { unquote } from './quoted-text.js';
import type { Token } from './token.js';

/**
 * How much the regular expressions of one query may weigh together. Any text without repetitions weighs less, and what weighs so
 * much compiles within half a second.
 */
export const HEAVIEST_REGEXES = 70_000;

/** Of a range of characters far beyond ASCII: the other case of each is worked out. */
const WIDE_RANGE = 1000;

const ESCAPE = /\\(?:[pP](?:\{[^}]*\}|.)|x\{[^}]*\}|[^])/y;
const CLASS = /\[\^?\]?(?:\[:[^\]]*:\]|\\[^]|[^\]\\])*\]?/y;
const REPETITION = /\{(\d+)(?:,(\d*))?\}/y;
const WIDE = { class: /\\[pPx]|-[^\0-\x7f]/g, escape: /\\[pP]/g };

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/**
 * About how many steps a regular expression has once its repetitions are written out: `(ab){50}` has 100. What is none may weigh
 * anything. O(length)
 */
export function weighRegex(pattern: string): number {
  const outer: number[] = [];
  let weight = 0;
  /** Of what a repetition behind it would repeat. */
  let last = 0;
  for (let at = 0; at < pattern.length;) {
    const character = pattern.charAt(at);
    const repetition = character === '{' ? matchAt(REPETITION, pattern, at) : null;
    if (repetition !== null) {
      const times = Math.max(1, Number(repetition[1]), Number(repetition[2] ?? 0));
      weight += last * (times - 1);
      last *= times;
      at += repetition[0].length;
    } else if (character === '(') {
      outer.push(weight);
      weight = 0;
      at += 1;
    } else if (character === ')') {
      last = weight + 1;
      weight = (outer.pop() ?? 0) + last;
      at += 1;
    } else {
      const isClass = character === '[';
      const set = isClass ? CLASS : character === '\\' ? ESCAPE : undefined;
      const atom = (set && matchAt(set, pattern, at)?.[0]) ?? character;
      const wide = set === undefined ? 0 : (atom.match(isClass ? WIDE.class : WIDE.escape)?.length ?? 0);
      last = atom.length + wide * WIDE_RANGE;
      weight += last;
      at += atom.length;
    }
  }
  return outer.reduce((sum, each) => sum + each, weight);
}

/** @throws QuerySyntaxError at the regular expression that is one too many */
export function refuseHeavyRegexes(tokens: readonly Token[]): void {
  let weight = 0;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    if (token.kind !== 'string' || before?.kind !== 'symbol' || !/^[=!]~$/.test(before.text)) return;
    weight += weighRegex(unquote(token.text));
    if (weight <= HEAVIEST_REGEXES) return;
    const hint = 'Repetitions like {100} count as if they were written out.';
    throw new QuerySyntaxError('regular expressions of the query are too large', token, hint);
  });
}
