import { QuerySyntaxError } from '../errors.js';
import { WORD_OPERATORS, type Token } from './token.js';

/** Operators, signs, modifiers and brackets that may lie around one operand. */
export const DEEPEST = 256;

const OPERATOR = /^(?:[-+*/%^[@]|==|!=|<=?|>=?|<\/|>\/)$/;

interface Level {
  readonly open: Token | undefined;
  operators: number;
  /** Of the brackets that were closed within this part. */
  tallest: number;
  /** Of the parts before, divided by commas. */
  highest: number;
}

/**
 * Refuses what is nested so deeply that whoever walks down the tree could run out of stack: counts operators in a row and
 * brackets in each other, before anything of that is built. O(n)
 * @throws QuerySyntaxError at the bracket, or at the operator
 */
export function refuseDeepNesting(tokens: readonly Token[]): void {
  let level: Level = { open: undefined, operators: 0, tallest: 0, highest: 0 };
  const outer: Level[] = [];
  const heightOf = (of: Level): number => Math.max(of.highest, of.operators + of.tallest);
  for (const token of tokens) {
    if (token.inBraces) continue;
    const { kind, text } = token;
    if (kind === 'symbol' && text === '(') {
      outer.push(level);
      level = { open: token, operators: 0, tallest: 0, highest: 0 };
    } else if (kind === 'symbol' && text === ')') {
      const height = heightOf(level) + 1;
      level = outer.pop() ?? level;
      level.tallest = Math.max(level.tallest, height);
    } else if (kind === 'symbol' && text === ',') {
      level.highest = heightOf(level);
      level.operators = level.tallest = 0;
    } else if (kind === 'symbol' ? OPERATOR.test(text) : kind === 'word' && isOperatorWord(text)) level.operators += 1;
    if (outer.length <= DEEPEST && heightOf(level) <= DEEPEST) continue;
    const hint = `Split it up: at most ${DEEPEST} operators and brackets may lie around one operand.`;
    throw new QuerySyntaxError('expression is nested too deeply', token, hint);
  }
}

const isOperatorWord = (text: string): boolean => WORD_OPERATORS.has(text.toLowerCase()) || /^offset$/i.test(text);
