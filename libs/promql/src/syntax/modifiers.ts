import { checkSubquery } from '../check/check.js';
import { QuerySyntaxError } from '../errors.js';
import type { Expression, Span, TimeShift } from './ast.js';
import { LONGEST_DURATION_MS, readDuration, secondsToMs } from './duration-text.js';
import { readNumber, writeNumber } from './number-text.js';
import type { Phrase, Phrases } from './phrase.js';
import type { Token } from './token.js';

const MODIFIERS = new Set(['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'StepInvariantExpr']);

/** A range, `offset` or `@` behind an expression. */
export const isModifier = ({ name }: Phrase): boolean => MODIFIERS.has(name);

/**
 * An operand with a modifier behind it.
 * @param phrase of the modifier; what the grammar has it behind is not looked at
 * @throws QuerySyntaxError where the operand cannot have it, or has it already
 */
export function applyModifier(operand: Expression, phrase: Phrase, phrases: Phrases): Expression {
  const behind = phrase.firstChild?.to ?? phrase.from;
  const words = phrases.words(phrase).filter(({ from }) => from >= behind);
  const span = { from: operand.span.from, to: phrase.to };
  const [first] = words;
  if (first === undefined) throw new TypeError('The grammar has a modifier without words.');
  switch (phrase.name) {
    case 'MatrixSelector':
      return rangeOf(operand, words, span);
    case 'SubqueryExpr':
      return subqueryOf(operand, words, span);
    case 'OffsetExpr':
      return withOffset(operand, readOffset(words.slice(1)), span);
  }
  return withTime(operand, words.slice(1), span);
}

function rangeOf(operand: Expression, words: readonly Token[], span: Span): Expression {
  const brackets = { from: words[0]?.from ?? span.from, to: span.to };
  const fail = (message: string, hint: string): never => {
    throw new QuerySyntaxError(message, brackets, hint);
  };
  const [rangeMs] = readRange(words);
  if (operand.kind !== 'selector') {
    return fail('ranges only allowed for vector selectors', 'Of anything else take a subquery: […:] or […:1m].');
  }
  if (operand.offsetMs !== 0)
    fail('no offset modifiers allowed before range', 'The range comes first: foo[5m] offset 1h.');
  if (operand.at !== undefined)
    fail('no @ modifiers allowed before range', 'The range comes first: foo[5m] @ 1609746000.');
  return { kind: 'range', selector: operand, rangeMs, span };
}

function subqueryOf(operand: Expression, words: readonly Token[], span: Span): Expression {
  const [rangeMs, stepMs] = readRange(words);
  checkSubquery(operand, span);
  const subquery = { kind: 'subquery', expression: operand, rangeMs, offsetMs: 0, span } as const;
  return stepMs === undefined ? subquery : { ...subquery, stepMs };
}

/** @throws QuerySyntaxError for an operand that is not of a time */
function shift(
  operand: Expression,
  change: (shifted: TimeShift) => Partial<TimeShift>,
  span: Span,
): Expression | undefined {
  if (operand.kind === 'selector' || operand.kind === 'subquery') return { ...operand, ...change(operand), span };
  if (operand.kind !== 'range') return undefined;
  const { selector } = operand;
  return { ...operand, selector: { ...selector, ...change(selector) }, span };
}

const SHIFTED = 'an instant vector selector or range vector selector or a subquery';
const SHIFT_HINT = 'Put it behind the selector within.';

function withOffset(operand: Expression, offsetMs: number, span: Span): Expression {
  const fail = (message: string, hint: string): never => {
    throw new QuerySyntaxError(message, operand.span, hint);
  };
  const change = (shifted: TimeShift): Partial<TimeShift> => {
    if (shifted.offsetMs !== 0) fail('offset may not be set multiple times', 'Leave one of them out.');
    return { offsetMs };
  };
  return shift(operand, change, span) ?? fail(`offset modifier must be preceded by ${SHIFTED}`, SHIFT_HINT);
}

/** @param words behind the `@` */
function withTime(operand: Expression, words: readonly Token[], span: Span): Expression {
  const fail = (message: string, hint: string): never => {
    throw new QuerySyntaxError(message, operand.span, hint);
  };
  const word = words[0]?.text.toLowerCase();
  const readTime = (): number => {
    const seconds = signedSeconds(words);
    if (Number.isFinite(seconds) && Math.abs(seconds) < 2 ** 63) return roundHalfAway(seconds * 1000);
    return fail(`timestamp out of bounds for @ modifier: ${writeNumber(seconds)}`, 'Write seconds since 1970.');
  };
  const at = word === 'start' || word === 'end' ? word : readTime();
  const change = (shifted: TimeShift): Partial<TimeShift> => {
    if (shifted.at !== undefined) fail('@ <timestamp> may not be set multiple times', 'Leave one of them out.');
    return { at };
  };
  return shift(operand, change, span) ?? fail(`@ modifier must be preceded by ${SHIFTED}`, SHIFT_HINT);
}

const roundHalfAway = (value: number): number => (value < 0 ? -Math.round(-value) : Math.round(value));

function readOffset(words: readonly Token[]): number {
  const number = words.at(-1);
  const span = { from: words[0]?.from ?? 0, to: number?.to ?? 0 };
  const ms = number?.kind === 'duration' ? signOf(words) * (readDuration(number.text) ?? 0) : undefined;
  const seconds = signedSeconds(words);
  // Not -0, which nobody tells from 0.
  if (Math.abs(seconds) * 1000 <= LONGEST_DURATION_MS) return (ms ?? secondsToMs(seconds)) + 0;
  throw new QuerySyntaxError('duration out of range', span, 'The longest is 292y.');
}

/** The range, and the step where there is one. @param words `[` to `]` */
function readRange(words: readonly Token[]): [rangeMs: number, stepMs?: number] {
  const colon = words.findIndex(({ text }) => text === ':');
  if (colon < 0) return [readPositive(words.slice(1, -1))];
  const range = readPositive(words.slice(1, colon));
  const step = words.slice(colon + 1, -1);
  return step.length === 0 ? [range] : [range, readPositive(step)];
}

function readPositive(words: readonly Token[]): number {
  const ms = readOffset(words);
  if (ms > 0) return ms;
  const span = { from: words[0]?.from ?? 0, to: words.at(-1)?.to ?? 0 };
  throw new QuerySyntaxError('duration must be greater than 0', span, 'The shortest is 1ms.');
}

/** A number of seconds, or a duration, behind signs. */
function signedSeconds(words: readonly Token[]): number {
  const number = words.at(-1);
  const text = number?.text ?? '';
  const seconds = number?.kind === 'duration' ? (readDuration(text) ?? 0) / 1000 : (readNumber(text) ?? NaN);
  return signOf(words) * seconds;
}

const signOf = (words: readonly Token[]): number =>
  words.filter(({ text }) => text === '-').length % 2 === 1 ? -1 : 1;
