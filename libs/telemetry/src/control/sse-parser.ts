/** One event of a server-sent event stream. */
export interface StreamEvent {
  readonly name: string;
  /** Undefined when the event names none. */
  readonly id: string | undefined;
  readonly data: string;
}

/** Most characters that an event, or a line that does not end, may have. */
const MAX_EVENT_LENGTH = 4_194_304;

/**
 * Reads server-sent events out of a text that comes in pieces, wherever it is cut (WHATWG HTML, 9.2.6). Comments are
 * left out. An id counts for its own event only.
 */
export class SseParser {
  #rest = '';
  #name = '';
  #id: string | undefined;
  #data: string[] = [];
  #length = 0;

  constructor(private readonly onEvent: (event: StreamEvent) => void) {}

  /** @throws RangeError when an event is longer than what is ever sent. */
  push(text: string): void {
    this.#rest += text;
    // A carriage return at the end may be half of a line's end: it waits for what follows.
    const ends = /\r\n|\n|\r(?!$)/g;
    let from = 0;
    for (let end = ends.exec(this.#rest); end !== null; end = ends.exec(this.#rest)) {
      this.#line(this.#rest.slice(from, end.index));
      from = ends.lastIndex;
    }
    this.#rest = this.#rest.slice(from);
    if (this.#rest.length + this.#length > MAX_EVENT_LENGTH) throw new RangeError('An event of the stream has no end.');
  }

  #line(line: string): void {
    if (line === '') return this.#end();
    this.#length += line.length;
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }

  #end(): void {
    const event = { name: this.#name === '' ? 'message' : this.#name, id: this.#id, data: this.#data.join('\n') };
    const empty = this.#data.length === 0;
    this.#name = '';
    this.#id = undefined;
    this.#data = [];
    this.#length = 0;
    if (!empty) this.onEvent(event);
  }
}
