import { WINDOW_HISTOGRAMS, type Event } from '#libs/contracts';
import { BatchWriter, utf8Bytes, type Chunk } from './batch-text.js';

/** Share of the queue dropped at once when it is full: dropping one by one would cost an overloaded host at every event. */
const DROP_SHARE = 0.05;
/** Memory of batches that is kept for the next: one is compressed while the other fills. */
const MAX_SPARE = 2;

export interface EventQueueOptions {
  /** Most bytes of waiting events, about. */
  readonly maxBytes: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  /** The most bytes that a batch's header takes. */
  readonly headRoom: number;
  readonly onDrop: (events: number) => void;
  /** An event that has no JSON was left out. */
  readonly onUnfit: (cause: unknown) => void;
}

/**
 * Events that are not in a batch yet, bounded in bytes: a few as they came, the older ones as the text of the batches
 * that they will be in. As objects they would outlive a scavenge or two, and copying them held up the host for
 * milliseconds; as bytes they are none of the collector's business. When full, the oldest go, in a lump: they have no
 * identity yet, so that what is counted as dropped cannot have arrived.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  /** As they came, from `#head` on. */
  #raw: Event[] = [];
  #head = 0;
  #rawBytes = 0;
  /** As text, oldest first, none empty. All but the last are complete. */
  readonly #batches: BatchWriter[] = [];
  readonly #spare: BatchWriter[] = [];
  #textEvents = 0;
  #textBytes = 0;
  /** Events pushed, and events that left, since the start: marks are positions in this count. */
  #pushed = 0;
  #left = 0;
  #marks: { readonly position: number; readonly end: number }[] = [];

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.raw + this.#textEvents;
  }

  get bytes(): number {
    return this.#rawBytes + this.#textBytes;
  }

  /** Events pushed since the start: a place in the line, for `hasBefore`. */
  get end(): number {
    return this.#pushed;
  }

  /** Whether an event is left that was pushed before this place in the line. */
  hasBefore(place: number): boolean {
    return this.length > 0 && this.#left < place;
  }

  /** Events that are not text yet. */
  get raw(): number {
    return this.#raw.length - this.#head;
  }

  /** Whether there is a batch that takes no more events. */
  get hasComplete(): boolean {
    return this.#batches.length > 1 || (this.#batches[0]?.events ?? 0) >= this.#options.maxBatchEvents;
  }

  push(event: Event): void {
    this.#raw.push(event);
    this.#pushed++;
    this.#rawBytes += roughBytes(event);
    this.#keepBound();
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

  /** The latest mark that lies before everything still here; undefined when none has been passed since the last call. */
  takePassedMark(): number | undefined {
    let end: number | undefined;
    while (this.#marks.length > 0 && this.#marks[0]!.position <= this.#left) end = this.#marks.shift()!.end;
    return end;
  }

  /** Turns events into text, oldest first, until none is left or `enough` says so of the bytes made in this call. */
  encode(enough: (bytes: number) => boolean): void {
    let batch = this.#openBatch();
    let lines: string[] = [];
    let bytes = 0;
    let made = 0;
    while (this.raw > 0) {
      const line = this.#takeLine();
      if (line === undefined) continue;
      const length = utf8Bytes(line);
      if (!this.#fits(batch, lines.length, bytes + length)) {
        this.#write(batch, lines, bytes);
        batch = this.#newBatch();
        [lines, bytes] = [[], 0];
      }
      lines.push(line);
      bytes += length + 2;
      made += length + 2;
      if (enough(made)) break;
    }
    this.#write(batch, lines, bytes);
    // Text may take more than was reckoned for the event.
    this.#keepBound();
  }

  /** Takes the oldest batch, which is to be given back; only a complete one unless `whole`. */
  take(whole: boolean): BatchWriter | undefined {
    if (!whole && !this.hasComplete) return undefined;
    const batch = this.#batches.shift();
    if (batch !== undefined) this.#textLeft(batch.events, batch.bytes);
    return batch;
  }

  giveBack(batch: BatchWriter): void {
    batch.begin();
    if (this.#spare.length < MAX_SPARE) this.#spare.push(batch);
  }

  /** Takes the oldest events that are text, a copy: as many as fit into `maxBytes`, but at least one. */
  takeFront(maxBytes: number): Chunk | undefined {
    const batch = this.#batches[0];
    if (batch === undefined) return undefined;
    const { bytes, events } = batch.front(maxBytes);
    const front = { bytes: bytes.slice(), events };
    this.#skip(batch, events);
    return front;
  }

  #openBatch(): BatchWriter {
    const last = this.#batches.at(-1);
    return last === undefined || last.events >= this.#options.maxBatchEvents ? this.#newBatch() : last;
  }

  #newBatch(): BatchWriter {
    return this.#spare.pop() ?? new BatchWriter(this.#options.headRoom);
  }

  /** Whether one more event fits, behind those that are not written yet; alone it always does. */
  #fits(batch: BatchWriter, unwritten: number, bytes: number): boolean {
    const events = batch.events + unwritten;
    const { maxBatchEvents, maxBatchBytes } = this.#options;
    return events === 0 || (events < maxBatchEvents && batch.bytes + bytes <= maxBatchBytes);
  }

  #write(batch: BatchWriter, lines: readonly string[], bytes: number): void {
    if (batch.events === 0) {
      if (lines.length === 0) return this.giveBack(batch);
      this.#batches.push(batch);
    }
    const before = batch.bytes;
    batch.write(lines, bytes);
    this.#textEvents += lines.length;
    this.#textBytes += batch.bytes - before;
  }

  #takeLine(): string | undefined {
    const event = this.#raw[this.#head]!;
    this.#advance(1);
    this.#rawBytes -= roughBytes(event);
    try {
      const line = JSON.stringify(event) as string | undefined;
      if (line === undefined) throw new TypeError('it says that it is to be left out');
      return line;
    } catch (cause) {
      this.#forget(this.#pushed - this.raw);
      this.#options.onUnfit(cause);
      return undefined;
    }
  }

  /** As if the event at this place in the count had never been pushed: it leaves before its turn. */
  #forget(position: number): void {
    this.#pushed--;
    this.#marks = this.#marks.map((mark) =>
      mark.position < position ? mark : { position: mark.position - 1, end: mark.end },
    );
  }

  /** The oldest go while there is too much: one lump may free less than one large event takes. */
  #keepBound(): void {
    // At least one stays: a single event over the bound is the encoder's to refuse.
    while (this.bytes > this.#options.maxBytes && this.length > 1) this.#dropOldest();
  }

  #dropOldest(): void {
    const waiting = this.length;
    const count = Math.min(waiting - 1, Math.ceil(waiting * DROP_SHARE));
    let toGo = count;
    while (toGo > 0 && this.#batches.length > 0) {
      const batch = this.#batches[0]!;
      const some = Math.min(toGo, batch.events);
      this.#skip(batch, some);
      toGo -= some;
    }
    for (let i = 0; i < toGo; i++) this.#rawBytes -= roughBytes(this.#raw[this.#head + i]!);
    this.#advance(toGo);
    this.#left += toGo;
    this.#options.onDrop(count);
  }

  /** The first events of the oldest batch leave. */
  #skip(batch: BatchWriter, events: number): void {
    const before = batch.bytes;
    batch.skip(events);
    this.#textLeft(events, before - batch.bytes);
    if (batch.events > 0) return;
    this.#batches.shift();
    this.giveBack(batch);
  }

  #textLeft(events: number, bytes: number): void {
    this.#textEvents -= events;
    this.#textBytes -= bytes;
    this.#left += events;
  }

  #advance(count: number): void {
    this.#head += count;
    if (this.#head < this.#raw.length && (this.#head <= 1_024 || this.#head * 2 <= this.#raw.length)) return;
    this.#raw = this.#raw.slice(this.#head);
    this.#head = 0;
  }
}

/** About what an event takes as JSON and in memory. Cheap and the same at every call: it is subtracted again. */
export function roughBytes(event: Event): number {
  switch (event.kind) {
    case 'cache.window':
      return 400 + WINDOW_HISTOGRAMS.reduce((sum, name) => sum + (event[name]?.bins.length ?? 0) * 8, 0);
    case 'metric':
      return 250 + (event.histogram?.bins.length ?? 0) * 8;
    case 'load.finished':
      return 400;
    default:
      return 250;
  }
}
