import { eventFault, MAX_BATCH_EVENTS, SCHEMA_VERSION, type Emitter } from '#libs/contracts';

/** A rejected event: its line in the file, where in it the fault is, and why. */
export interface LineRejection {
  readonly line: number;
  readonly pointer: string;
  readonly reason: string;
}

/** A batch on its way: its text, and for each of its events the line it came from. */
export interface Outgoing {
  readonly body: string;
  readonly lines: readonly number[];
}

export const EVENTS_PER_BATCH = 500;

/**
 * Gathers lines into batches. A line is an event, which is gathered with its neighbours under this emitter, or a whole
 * batch, which goes out as it is under its own identity. Pure but for its own sequence.
 */
export class Gatherer {
  readonly #emitter: Emitter;
  readonly #sentAt: () => number;
  readonly #reject: (rejection: LineRejection) => void;
  #sequence = 0;
  #events: string[] = [];
  #lines: number[] = [];

  /** @param reject told of each line that cannot be sent. */
  constructor(emitter: Emitter, sentAt: () => number, reject: (rejection: LineRejection) => void) {
    this.#emitter = emitter;
    this.#sentAt = sentAt;
    this.#reject = reject;
  }

  /** @returns batches that are complete now. */
  add(text: string, line: number): Outgoing[] {
    if (text.trim() === '') return [];
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#reject({ line, pointer: '', reason: 'the line is not JSON' });
      return [];
    }
    if (isBatch(value)) return [...this.flush(), ...this.#wholeBatch(text, value, line)];
    // The collector's own check; time and labels are the collector's to judge.
    const problem = eventFault(value);
    if (problem !== undefined) {
      this.#reject({ line, ...problem });
      return [];
    }
    this.#events.push(text);
    this.#lines.push(line);
    return this.#events.length >= EVENTS_PER_BATCH ? this.flush() : [];
  }

  /** The events gathered so far, as a batch. */
  flush(): Outgoing[] {
    if (this.#events.length === 0) return [];
    const head = JSON.stringify(this.#header(this.#sequence++));
    const outgoing = { body: `${head.slice(0, -1)},"events":[${this.#events.join(',')}]}`, lines: this.#lines };
    this.#events = [];
    this.#lines = [];
    return [outgoing];
  }

  #header(sequence: number) {
    return { schema: SCHEMA_VERSION, emitter: this.#emitter, sequence, sentAt: this.#sentAt() };
  }

  #wholeBatch(text: string, { events }: { events: readonly unknown[] }, line: number): Outgoing[] {
    if (events.length > MAX_BATCH_EVENTS) {
      const reason = `a batch holds at most ${MAX_BATCH_EVENTS} events, this one ${events.length}`;
      this.#reject({ line, pointer: '/events', reason });
      return [];
    }
    return [{ body: text, lines: events.map(() => line) }];
  }
}

function isBatch(value: unknown): value is { events: readonly unknown[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'emitter' in value &&
    Array.isArray((value as { events?: unknown }).events)
  );
}
