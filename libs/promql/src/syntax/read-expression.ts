import { checkAggregation, checkBinary, checkCall, checkUnary } from '../check/check.js';
import { valueTypeOf } from '../check/value-type.js';
import type { Expression } from './ast.js';
import { BINDING } from './binding.js';
import { applyModifier, isModifier } from './modifiers.js';
import { msToSeconds, readDuration } from './duration-text.js';
import { readNumber } from './number-text.js';
import { partsOf, type Phrase, type Phrases } from './phrase.js';
import { unquote } from './quoted-text.js';
import { readAggregation } from './read-aggregation.js';
import { readOperation, type Operation } from './read-operation.js';
import { readSelector } from './read-selector.js';
import type { Token } from './token.js';

/** Part of a row of operands and what stands between them, in the order of the text. */
type Item =
  | { readonly kind: 'sign'; readonly token: Token }
  | { readonly kind: 'operand'; readonly phrase: Phrase; readonly from: number }
  | { readonly kind: 'modifier'; readonly phrase: Phrase }
  | { readonly kind: 'operation'; readonly operation: Operation };

/**
 * The expression of a phrase. The grammar's tree has ranges, `offset` and `@` bind more weakly than operators and takes signs
 * into numbers, and Prometheus' parser has it the other way round; so a row of operators is laid out flat here and put together
 * anew. It is as deep as `refuseDeepNesting` lets it be.
 * @throws QuerySyntaxError for what the grammar takes and Prometheus does not
 */
export function readExpression(phrase: Phrase, phrases: Phrases): Expression {
  const items: Item[] = [];
  layOut(phrase, phrases, items);
  return new Row(items, phrases).read(0);
}

function layOut(phrase: Phrase, phrases: Phrases, items: Item[]): void {
  const first = phrase.firstChild;
  const last = phrase.lastChild;
  const token = phrases.first(phrase);
  if (phrase.name === 'BinaryExpr' && first !== null && last !== null) {
    layOut(first, phrases, items);
    items.push({ kind: 'operation', operation: readOperation(phrase, phrases) });
    layOut(last, phrases, items);
  } else if (phrase.name === 'UnaryExpr' && last !== null) {
    items.push({ kind: 'sign', token });
    layOut(last, phrases, items);
  } else if (isModifier(phrase) && first !== null) {
    layOut(first, phrases, items);
    items.push({ kind: 'modifier', phrase });
  } else if (phrase.name === 'NumberDurationLiteral' && token.kind === 'symbol') {
    items.push({ kind: 'sign', token }, { kind: 'operand', phrase, from: phrases.after(token).from });
  } else items.push({ kind: 'operand', phrase, from: phrase.from });
}

/** Puts a row together, by how strongly its operators bind. */
class Row {
  #at = 0;

  constructor(
    readonly items: readonly Item[],
    readonly phrases: Phrases,
  ) {}

  /** An expression whose operators bind at least so strongly. */
  read(binding: number): Expression {
    let left = this.#readSigned();
    for (;;) {
      const item = this.items[this.#at];
      if (item?.kind !== 'operation' || BINDING[item.operation.operator] < binding) return left;
      this.#at += 1;
      const own = BINDING[item.operation.operator];
      const right = this.read(item.operation.operator === '^' ? own : own + 1);
      left = binaryOf(left, right, item.operation);
    }
  }

  #readSigned(): Expression {
    const item = this.items[this.#at++];
    if (item?.kind === 'sign') return signed(item.token, this.read(BINDING['*'] + 1));
    if (item?.kind !== 'operand') throw new TypeError('The grammar left an operand out.');
    let operand = readOperand(item.phrase, item.from, this.phrases);
    for (let next = this.items[this.#at]; next?.kind === 'modifier'; next = this.items[++this.#at]) {
      operand = applyModifier(operand, next.phrase, this.phrases);
    }
    return operand;
  }
}

/** A sign in front of a number becomes part of it. */
function signed(sign: Token, operand: Expression): Expression {
  const span = { from: sign.from, to: operand.span.to };
  if (operand.kind === 'number') return { ...operand, value: sign.text === '-' ? -operand.value : operand.value, span };
  const operator = sign.text === '-' ? '-' : '+';
  checkUnary(operator, operand, span);
  return { kind: 'unary', operator, expression: operand, span };
}

function binaryOf(left: Expression, right: Expression, operation: Operation): Expression {
  const { operator, bool, matching } = operation;
  const span = { from: left.span.from, to: right.span.to };
  checkBinary({ operator, left, right, bool, matching, span, operatorSpan: operation.span });
  const binary = { kind: 'binary', operator, left, right, bool, span } as const;
  const vectors = valueTypeOf(left) === 'instant vector' && valueTypeOf(right) === 'instant vector';
  return vectors ? { ...binary, matching } : binary;
}

function readOperand(phrase: Phrase, from: number, phrases: Phrases): Expression {
  const span = { from, to: phrase.to };
  const parts = partsOf(phrase);
  const token = phrases.first(phrase);
  switch (phrase.name) {
    case 'NumberDurationLiteral':
      return numberOf(token.kind === 'symbol' ? phrases.after(token) : token);
    case 'StringLiteral':
      return { kind: 'string', value: unquote(token.text), span };
    case 'VectorSelector':
      return readSelector(phrase, phrases);
    case 'ParenExpr': {
      const [inner = phrase] = parts;
      return { kind: 'parenthesized', expression: readExpression(inner, phrases), span };
    }
    case 'FunctionCall': {
      const call = { kind: 'call', function: token.text, arguments: readArguments(parts[1], phrases), span } as const;
      checkCall(call);
      return call;
    }
    case 'AggregateExpr': {
      const body = parts.find(({ name }) => name === 'FunctionCallBody');
      const aggregation = readAggregation(phrase, readArguments(body, phrases), phrases);
      checkAggregation(aggregation);
      return aggregation;
    }
  }
  throw new TypeError(`The grammar has a phrase that is not known: ${phrase.name}.`);
}

const readArguments = (body: Phrase | undefined, phrases: Phrases): Expression[] =>
  body === undefined ? [] : partsOf(body).map((argument) => readExpression(argument, phrases));

function numberOf({ kind, text, from, to }: Token): Expression {
  const isDuration = kind === 'duration';
  const value = isDuration ? msToSeconds(readDuration(text) ?? 0) : (readNumber(text) ?? NaN);
  return { kind: 'number', value, isDuration, span: { from, to } };
}
