/** One event of a server-sent event stream. */
export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/**
 * Reads a text/event-stream piece by piece, wherever the pieces were cut. Read by hand because EventSource sends no
 * Authorization header.
 */
export class EventStreamParser {
  #rest = '';
  #name = '';
  #id = '';
  #data: string[] = [];

  /** The events that are complete with this piece. */
  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#name = value;
    else if (field === 'id') this.#id = value;
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event =
      this.#data.length > 0 ? { id: this.#id, name: this.#name || 'message', data: this.#data.join('\n') } : undefined;
    this.#data = [];
    this.#name = '';
    return event;
  }
}
