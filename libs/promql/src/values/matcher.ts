/** A condition on one label of a series; a label that is not there is the empty text. */
export interface Matcher {
  readonly name: string;
  /** Regular expressions are RE2's, and match the whole value. */
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}
