import type { Span } from './ast.js';

/**
 * `word`: a name or keyword, outside of braces also with colons; `number`, also `Inf` and `NaN`; `duration`; `string`, with its
 * quotes; `symbol`: brackets, commas and operators; `end`: behind the last one.
 */
export type TokenKind = 'word' | 'number' | 'duration' | 'string' | 'symbol' | 'end';

export interface Token extends Span {
  readonly kind: TokenKind;
  /** As it is written; of words outside of braces keywords are told in any case. */
  readonly text: string;
  /** Within braces: every word is a label's name. */
  readonly inBraces: boolean;
}

export const EXPERIMENTAL_AGGREGATIONS: ReadonlySet<string> = new Set(['limitk', 'limit_ratio']);
/** Words that stand between operands, so that none of them is the name of a metric. */
export const RESERVED: ReadonlySet<string> = new Set(['bool', 'on', 'ignoring', 'group_left', 'group_right', 'atan2']);
/** Operators that are words. */
export const WORD_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);
/** Functions of time that are keywords, so that they are known in any case where an operator takes them. */
export const TIME_WORDS: ReadonlySet<string> = new Set(['start', 'end', 'step', 'range', 'max_of', 'min_of']);
