import type { Event } from '#libs/contracts';

/** Share of the queue dropped at once when it is full: dropping one by one would cost an overloaded host at every event. */
const DROP_SHARE = 0.05;

/**
 * Events that are not in a batch yet, bounded in bytes. When full, the oldest go, in a lump: they have no identity yet,
 * so that what is counted as dropped cannot have arrived. Events under encoding are reserved and are not dropped.
 */
export class EventQueue {
  readonly #maxBytes: number;
  readonly #onDrop: (events: number) => void;
  #events: Event[] = [];
  #head = 0;
  #bytes = 0;
  #reserved: Event[] = [];
  #reservedBytes = 0;
  #reservation = 0;
  /** Events pushed, and events that left, since the start: marks are positions in this count. */
  #pushed = 0;
  #left = 0;
  /** Dropped from behind reserved events: they count as left when those have left too. */
  #leftBehind = 0;
  #marks: { readonly position: number; readonly end: number }[] = [];

  constructor(maxBytes: number, onDrop: (events: number) => void) {
    this.#maxBytes = maxBytes;
    this.#onDrop = onDrop;
  }

  get length(): number {
    return this.#events.length - this.#head + this.#reserved.length;
  }

  get bytes(): number {
    return this.#bytes + this.#reservedBytes;
  }

  push(event: Event): void {
    this.#events.push(event);
    this.#pushed++;
    this.#bytes += roughBytes(event);
    if (this.bytes > this.#maxBytes) this.#dropOldest();
  }

  /** All windows up to `end` have been pushed. */
  mark(end: number): void {
    // Of marks at one place, and of those passed by dropping, the latest says it all: there are no more than events.
    if (this.#marks.at(-1)?.position === this.#pushed) this.#marks.pop();
    this.#marks.push({ position: this.#pushed, end });
    while (this.#marks.length > 1 && this.#marks[1]!.position <= this.#left) this.#marks.shift();
  }

  /** How many marks wait for what is before them. */
  get marks(): number {
    return this.#marks.length;
  }

  /**
   * Takes up to `max` of the oldest events under encoding, unless some are already. They stay in the count until
   * `release`; `stillReserved` tells whether somebody else took them over meanwhile.
   */
  reserve(max: number): { readonly events: readonly Event[]; readonly ticket: number } {
    if (this.#reserved.length === 0) {
      this.#reserved = this.#events.slice(this.#head, this.#head + max);
      this.#reservedBytes = this.#reserved.reduce((sum, event) => sum + roughBytes(event), 0);
      this.#bytes -= this.#reservedBytes;
      this.#advance(this.#reserved.length);
    }
    return { events: this.#reserved, ticket: ++this.#reservation };
  }

  stillReserved(ticket: number): boolean {
    return ticket === this.#reservation;
  }

  /**
   * The first `count` reserved events are in a batch; the rest goes back to the front. Returns the latest mark that lies
   * before everything still here, or undefined when none has been passed.
   */
  release(count: number): number | undefined {
    const rest = this.#reserved.slice(count);
    if (rest.length > 0) {
      this.#events = [...rest, ...this.#events.slice(this.#head)];
      this.#head = 0;
      this.#bytes += rest.reduce((sum, event) => sum + roughBytes(event), 0);
    }
    this.#reserved = [];
    this.#reservedBytes = 0;
    this.#reservation++;
    this.#left += count;
    if (rest.length === 0) {
      this.#left += this.#leftBehind;
      this.#leftBehind = 0;
    }
    return this.#passedMark();
  }

  #passedMark(): number | undefined {
    let end: number | undefined;
    while (this.#marks.length > 0 && this.#marks[0]!.position <= this.#left) end = this.#marks.shift()!.end;
    return end;
  }

  #dropOldest(): void {
    const waiting = this.#events.length - this.#head;
    // At least one stays: a single event over the bound is the encoder's to refuse.
    const count = Math.min(waiting - 1, Math.max(1, Math.ceil(waiting * DROP_SHARE)));
    if (count <= 0) return;
    for (let i = 0; i < count; i++) this.#bytes -= roughBytes(this.#events[this.#head + i]!);
    this.#advance(count);
    if (this.#reserved.length > 0 || this.#leftBehind > 0) this.#leftBehind += count;
    else this.#left += count;
    this.#onDrop(count);
  }

  #advance(count: number): void {
    this.#head += count;
    if (this.#head > 1_024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** About what an event takes as JSON and in memory. Cheap and the same at every call: it is subtracted again. */
export function roughBytes(event: Event): number {
  switch (event.kind) {
    case 'cache.window':
      return 400 + ((event.getDuration?.bins.length ?? 0) + (event.loadDuration?.bins.length ?? 0)) * 8;
    case 'metric':
      return 250 + (event.histogram?.bins.length ?? 0) * 8;
    case 'load.finished':
      return 400;
    default:
      return 250;
  }
}
