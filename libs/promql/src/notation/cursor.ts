/** What a part of a line should have been; whoever knows the line says where. */
export class MisreadError extends Error {}

/** Reads a line from left to right. */
export class Cursor {
  at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  get rest(): string {
    return this.text.slice(this.at);
  }

  /** What matches at this place; undefined, and nothing is read, when nothing does. @param pattern with the flag `y` */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  /** Whether the text is next; it is read then. */
  skip(text: string): boolean {
    const found = this.text.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  /** @throws MisreadError that names what should be here, and what is */
  fail(expected: string): never {
    const found = this.isAtEnd ? 'the line ends' : `there is "${this.rest.slice(0, 20)}"`;
    throw new MisreadError(`column ${this.at + 1}: ${expected} should come here, but ${found}`);
  }
}
