import type { SyntaxNode } from '@lezer/common';
import type { Token } from './token.js';

/** A part of the grammar's tree. */
export type Phrase = SyntaxNode;

/** The tree's parts, and the words that they are made of. */
export class Phrases {
  readonly #indexAt: ReadonlyMap<number, number>;

  constructor(readonly tokens: readonly Token[]) {
    this.#indexAt = new Map(tokens.map(({ from }, index) => [from, index]));
  }

  /** The first word of a phrase. */
  first(phrase: Phrase): Token {
    return this.#at(this.#indexAt.get(phrase.from));
  }

  /** The word behind another. */
  after(token: Token): Token {
    return this.#at((this.#indexAt.get(token.from) ?? 0) + 1);
  }

  /** The words of a phrase, brackets and commas among them. */
  words(phrase: Phrase): Token[] {
    const first = this.#indexAt.get(phrase.from) ?? 0;
    let end = first;
    while ((this.tokens[end]?.from ?? phrase.to) < phrase.to) end += 1;
    return this.tokens.slice(first, end);
  }

  #at(index: number | undefined): Token {
    const token = index === undefined ? undefined : this.tokens[index];
    if (token === undefined) throw new TypeError('The grammar found a phrase where no word begins.');
    return token;
  }
}

/** The parts of a phrase, in order. */
export function partsOf(phrase: Phrase): Phrase[] {
  const parts: Phrase[] = [];
  for (let part = phrase.firstChild; part !== null; part = part.nextSibling) parts.push(part);
  return parts;
}
