import type { BatchHeader, Emitter as EmitterIdentity, Event } from '#libs/contracts';
import type { Clock, Timer } from '#libs/time';
import type { Pacer } from '../pacer.js';
import type { Compressor, Spool, Transport } from '../ports.js';
import type { Counters } from '../stats.js';
import { batchBytes, halvesOf, utf8Bytes } from './batch-text.js';
import { Deadline } from './deadline.js';
import { EventQueue } from './event-queue.js';
import type { FinalBatch } from './final-batch.js';
import { Outbox } from './outbox.js';
import { BEACON_HOLD_MS, Sender } from './sender.js';

export interface EmitterOptions {
  readonly identity: EmitterIdentity;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly pacer: Pacer;
  readonly compressor: Compressor | undefined;
  readonly spool: Spool | undefined;
  readonly flushIntervalMs: number;
  readonly heartbeatMs: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly maxBufferBytes: number;
}

/** Final batches held in memory without a spool: one on its way, one ready. Everything else waits without identity. */
const MAX_OUTBOX = 2;
/** With a spool, the youngest bodies beyond this many are read back from it when their turn comes. */
const MAX_BODIES = 4;

/** A spool that has not opened by then is gone on without, ms. It takes milliseconds, as a rule. */
const SPOOL_OPEN_MS = 5_000;

/** Batches of earlier processes that are known at once: a full spool may hold 100,000. */
const MAX_BACKLOG = 100;

/** Turns events into batches by size and time, and hands them to the sender. */
export class BatchEmitter {
  readonly #options: EmitterOptions;
  readonly #queue: EventQueue;
  readonly #outbox = new Outbox();
  readonly #sender: Sender;
  /** Undefined until it has opened. */
  #spool: Spool | undefined;
  readonly #openBy: Deadline;
  #spoolFull = false;
  #sequence = 0;
  #closedThrough: number | undefined;
  #encoding: Promise<void> | undefined;
  #filling: Promise<void> = Promise.resolve();
  #fillAsked = false;
  #fillWhole = false;
  #lastFinalAt: number;
  #flushTimer: Timer | undefined;
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;
  /** The spool has opened, or is not waited for any longer. */
  readonly #ready: Promise<void>;

  constructor(options: EmitterOptions) {
    this.#options = options;
    this.#openBy = new Deadline(options.clock);
    this.#lastFinalAt = options.clock.monotonic();
    this.#queue = new EventQueue({
      maxBytes: options.maxBufferBytes,
      maxBatchEvents: options.maxBatchEvents,
      maxBatchBytes: options.maxBatchBytes,
      headRoom: utf8Bytes(JSON.stringify(options.identity)) + MAX_HEADER_BYTES,
      onDrop: (events) => this.#dropped(events),
      onUnfit: (cause) => this.#unfit(cause),
    });
    this.#sender = new Sender({
      ...options,
      outbox: this.#outbox,
      bodyOf: (batch) => this.#bodyOf(batch),
      onDone: (batch) => this.#done(batch),
      onLeft: (batch) => this.#leave(batch),
      onSplit: (batch) => this.#split(batch),
    });
    this.#opening = this.#openSpool();
    this.#ready = this.#awaitSpool();
    this.#armFlush();
  }

  /** Takes an event on. O(1). */
  emit(event: Event): void {
    if (this.#stop.signal.aborted) return this.#options.counters.dropStopped();
    this.#queue.push(event);
    if (this.#queue.raw >= Math.min(LOT_EVENTS, this.#options.maxBatchEvents)) void this.#encode();
  }

  /** All windows up to `end` have been emitted. */
  windowsClosed(end: number): void {
    this.#queue.mark(end);
  }

  get queued(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get unacknowledged(): number {
    return this.#outbox.length + (this.#spool?.waiting ?? 0);
  }

  get spoolBytes(): number {
    return this.#spool?.bytes ?? 0;
  }

  /** Makes batches of everything queued and waits until all is acknowledged or the time is over. Says which. */
  async flush({ over }: Deadline): Promise<boolean> {
    const empty = () => this.#queue.length === 0 && this.unacknowledged === 0;
    this.#sender.hurry();
    for (;;) {
      const progress = this.#sender.progress();
      this.#askFill(true);
      if ((await Promise.race([this.#filling, over])) === 'over' || empty()) break;
      if ((await Promise.race([progress, over])) === 'over') break;
    }
    return empty();
  }

  /** Makes what is queued final at once, without waiting, for a page that is going away; then hands over all it can. */
  beacon(): void {
    const { transport, counters, clock } = this.#options;
    if (transport.beacon === undefined) return;
    if (this.#queue.length > 0) this.#finalizeNow();
    const now = clock.monotonic();
    let sent = false;
    for (const batch of this.#outbox.live) {
      // A page that goes is hidden first: what a beacon took a moment ago is on its way.
      const onItsWay = batch === this.#sender.inFlight || now - (batch.beaconAt ?? -Infinity) < BEACON_HOLD_MS;
      if (batch.plain === undefined || onItsWay) continue;
      if (!counters.guard(() => transport.beacon?.(batch.plain!) ?? false, false)) continue;
      batch.beaconAt = now;
      sent = true;
    }
    if (sent) this.#sender.holdBack();
  }

  /** The way is free again: try at once. */
  hurry(): void {
    this.#sender.hurry();
  }

  /** A spool that has not opened so soon is gone on without: what is to be sent by a deadline cannot wait longer. */
  openSpoolWithin(ms: number): void {
    this.#openBy.within(ms);
  }

  /**
   * Stops for good, by the deadline at the latest. What is not acknowledged stays in the spool, or is lost with the
   * process; the stats say how much.
   */
  async stop({ over }: Deadline): Promise<void> {
    this.#stop.abort();
    this.#flushTimer?.cancel();
    const how = await Promise.race([this.#end(), over]);
    this.#options.transport.close();
    if (how === 'over' && this.#spool !== undefined)
      this.#options.counters.problem('spool', 'The spool did not answer by the deadline; what it lacks may be lost.');
  }

  async #end(): Promise<void> {
    await this.#sender.stop();
    await this.#encoding;
    await this.#filling;
    // Also one that opens only after the deadline: it is locked for this process.
    await this.#opening;
    await this.#spool
      ?.close()
      .catch((cause: unknown) => this.#options.counters.problem('spool', 'Closing failed.', cause));
  }

  #armFlush(): void {
    const { clock, flushIntervalMs } = this.#options;
    this.#flushTimer = clock.setTimer(
      () => {
        this.#heartbeat();
        this.#askFill(true);
        this.#armFlush();
      },
      flushIntervalMs,
      { unref: true },
    );
  }

  async #openSpool(): Promise<void> {
    const { spool, pacer, counters } = this.#options;
    if (spool === undefined) return;
    try {
      await spool.open(pacer, this.#stop.signal);
    } catch (cause) {
      counters.problem('spool', 'The spool cannot be used; telemetry is kept in memory only.', cause);
      return;
    }
    this.#spool = spool;
    await this.#loadBacklog();
    this.#sender.wake();
  }

  /** A disk may never return, and a lock of another container is watched for long: events go without, meanwhile. */
  async #awaitSpool(): Promise<void> {
    if (this.#options.spool === undefined) return;
    this.#openBy.within(SPOOL_OPEN_MS);
    const how = await Promise.race([this.#opening, this.#openBy.over]);
    this.#openBy.cancel();
    if (how === 'over')
      this.#options.counters.problem('spool', 'The spool has not opened yet; until then, all is kept in memory only.');
  }

  /** Some more of what an earlier process left, when none is in the outbox. */
  async #loadBacklog(): Promise<void> {
    while (this.#spool !== undefined && this.#spool.waiting > 0 && this.#outbox.backlog === 0)
      try {
        const batches = await this.#spool.next(MAX_BACKLOG);
        if (batches.length === 0) return;
        for (const batch of batches) this.#outbox.addBacklog({ ...batch, body: undefined, plain: undefined });
      } catch (cause) {
        const message =
          'Batches that an earlier process left cannot be read; the spool keeps them until the next start.';
        this.#options.counters.problem('spool', message, cause);
      }
  }

  #dropped(events: number): void {
    this.#options.counters.drop(this.#spoolFull ? 'spool_full' : 'buffer_full', events);
  }

  #unfit(cause: unknown): void {
    this.#options.counters.drop('refused', 1);
    this.#options.counters.problem('internal', 'An event that has no JSON was left out.', cause);
  }

  #hasRoom(): boolean {
    return this.#spool === undefined ? this.#outbox.length < MAX_OUTBOX : !this.#spoolFull || this.#outbox.length === 0;
  }

  /** One filling at a time; asking again while one runs makes it look once more. */
  #askFill(whole: boolean): void {
    this.#fillWhole ||= whole;
    if (this.#fillAsked) return;
    this.#fillAsked = true;
    this.#inTurn(() => {
      const wanted = this.#fillWhole;
      this.#fillAsked = this.#fillWhole = false;
      return this.#fill(wanted);
    });
  }

  #inTurn(work: () => Promise<void>): void {
    this.#filling = this.#filling
      .then(() => this.#ready)
      .then(work)
      .catch((cause: unknown) => this.#options.counters.problem('internal', 'A batch could not be made.', cause));
  }

  /** Makes text of what came, in slices, once for all who ask meanwhile. */
  #encode(): Promise<void> {
    this.#encoding ??= this.#encodeAll()
      .catch((cause: unknown) => this.#options.counters.problem('internal', 'Events could not be encoded.', cause))
      .finally(() => (this.#encoding = undefined));
    return this.#encoding;
  }

  async #encodeAll(): Promise<void> {
    const { pacer } = this.#options;
    while (this.#queue.raw > 0) {
      await pacer.breathe();
      this.#queue.encode(() => pacer.due());
      if (this.#queue.hasComplete) this.#askFill(false);
    }
  }

  /** `whole`: also the last batch that is not full. */
  async #fill(whole: boolean): Promise<void> {
    // What comes meanwhile waits for the next time: a host that never stops would have a batch of each few events.
    const end = this.#queue.end;
    while (this.#hasRoom()) {
      const unfull = whole && this.#queue.hasBefore(end);
      if (unfull && this.#queue.raw > 0) await this.#encode();
      if (this.#queue.length === 0 || !(unfull || this.#queue.hasComplete)) return;
      await this.#fillOne(unfull);
    }
  }

  async #fillOne(whole: boolean): Promise<void> {
    const { pacer, compressor, transport } = this.#options;
    await pacer.breathe();
    const writer = this.#queue.take(whole);
    // A page going away took them all over meanwhile.
    if (writer === undefined) return;
    const batch = this.#finalize((header) => {
      const plain = writer.finish(header);
      // A copy where it is sent as it is or kept for a beacon.
      return compressor === undefined || transport.beacon !== undefined || plain.length <= MIN_COMPRESSED_BYTES
        ? plain.slice()
        : plain;
    }, writer.events);
    pacer.due();
    await pacer.breathe();
    const body = await this.#compress(batch);
    this.#queue.giveBack(writer);
    // Keeping and sending it are work, too: not in the turn that the compressor ended in.
    await pacer.breathe();
    await this.#keep(batch, body);
  }

  /**
   * The bytes are final: the batch gets its sequence, announces what was dropped, and is in the outbox. Its events have
   * just been taken from the queue, if they were there.
   */
  #finalize(write: (header: Omit<BatchHeader, 'schema'>) => Uint8Array, events: number): FinalBatch {
    const { identity, clock, counters } = this.#options;
    const closed = this.#queue.takePassedMark();
    if (closed !== undefined) this.#closedThrough = closed;
    const sequence = this.#sequence++;
    const now = clock.now();
    const dropped = counters.takeUnannounced();
    const plain = write({
      emitter: identity,
      sequence,
      sentAt: now,
      ...(this.#closedThrough !== undefined && { closedThrough: this.#closedThrough }),
      ...(dropped !== undefined && { dropped }),
    });
    const batch: FinalBatch = {
      instance: identity.instance,
      sequence,
      events,
      finalAt: now,
      dropped,
      encoding: 'identity',
      body: undefined,
      plain,
      token: undefined,
    };
    this.#lastFinalAt = clock.monotonic();
    this.#outbox.addLive(batch);
    return batch;
  }

  #finalizeNow(): void {
    // What a page may have in flight is far less than a batch may be.
    const maxBytes = Math.min(this.#options.maxBatchBytes, MAX_BEACON_BYTES) - MAX_HEADER_BYTES;
    this.#queue.encode((bytes) => bytes >= maxBytes);
    const front = this.#queue.takeFront(maxBytes);
    if (front === undefined) return;
    const batch = this.#finalize((header) => batchBytes(header, [front]), front.events);
    batch.body = batch.plain;
    this.#sender.wake();
  }

  /** What travels. The batch is not sent yet: first its spool has it. */
  async #compress(batch: FinalBatch): Promise<Uint8Array> {
    const { compressor, counters, transport } = this.#options;
    const plain = batch.plain!;
    if (transport.beacon === undefined) batch.plain = undefined;
    if (compressor !== undefined && plain.length > MIN_COMPRESSED_BYTES)
      try {
        const body = await compressor.compress(plain);
        batch.encoding = compressor.encoding;
        return body;
      } catch (cause) {
        counters.problem('internal', 'Compression failed; the batch is sent as it is.', cause);
      }
    // What was to be compressed may lie in memory that is written again.
    return plain.byteLength < plain.buffer.byteLength ? plain.slice() : plain;
  }

  /** Puts a batch into the spool, if there is one; from then on it can be sent. */
  async #keep(batch: FinalBatch, body: Uint8Array): Promise<void> {
    await this.#spooled(batch, body);
    // With a spool, bodies of batches far back in the line are read when their turn comes.
    if (batch.token === undefined || this.#outbox.live.length <= MAX_BODIES) batch.body = body;
    this.#sender.wake();
  }

  async #spooled(batch: FinalBatch, body: Uint8Array): Promise<void> {
    if (this.#spool === undefined) return;
    const { instance, sequence, events, finalAt, encoding, dropped } = batch;
    try {
      batch.token = await this.#spool.append({ instance, sequence, events, finalAt, encoding, dropped }, body);
      this.#spoolFull = batch.token === undefined;
    } catch (cause) {
      this.#spoolFull = true;
      this.#options.counters.problem('spool', 'A batch could not be written; it is kept in memory.', cause);
    }
  }

  async #bodyOf(batch: FinalBatch): Promise<Uint8Array | undefined> {
    if (batch.body !== undefined) return batch.body;
    if (batch.token === undefined || this.#spool === undefined) return undefined;
    return this.#spool.read(batch.token);
  }

  async #done(batch: FinalBatch): Promise<void> {
    this.#outbox.remove(batch);
    if (batch.token !== undefined && this.#spool !== undefined) {
      const { counters } = this.#options;
      // It is done with all the same: a later start sends it once more, under its identity.
      await this.#spool.acknowledge(batch.token).catch((cause: unknown) => {
        counters.problem('spool', 'A batch that was taken could not be noted; a later start sends it again.', cause);
      });
      this.#spoolFull = false;
    }
    await this.#loadBacklog();
    if (this.#queue.hasComplete) this.#askFill(false);
  }

  /** Out of the line, and not out of the spool. */
  async #leave(batch: FinalBatch): Promise<void> {
    this.#outbox.remove(batch);
    await this.#loadBacklog();
  }

  /** A collector found the batch too large: its halves are new batches, with sequences of their own. */
  async #split(batch: FinalBatch): Promise<void> {
    const { compressor, counters } = this.#options;
    const body = (await this.#bodyOf(batch))!;
    const plain = batch.encoding === 'identity' ? body : await compressor!.decompress(body);
    const halves = halvesOf(plain);
    counters.announceAgain(batch.dropped);
    if (halves.length < 2) counters.drop('refused', batch.events);
    else
      for (const half of halves) {
        const made = this.#finalize((header) => batchBytes(header, [half]), half.events);
        await this.#keep(made, await this.#compress(made));
      }
    await this.#done(batch);
  }

  /** An empty batch when there has been none for a while: it says that this emitter lives, and how far it is. */
  #heartbeat(): void {
    const { clock, heartbeatMs } = this.#options;
    const idle = this.#queue.length === 0 && this.unacknowledged === 0;
    // A little early rather than an interval late: timers and the interval never meet exactly.
    if (!idle || this.#stop.signal.aborted || clock.monotonic() - this.#lastFinalAt < heartbeatMs - 1) return;
    const announces = this.#options.counters.hasUnannounced;
    const batch = this.#finalize((header) => batchBytes(header, []), 0);
    const body = batch.plain!;
    // One that announces nothing is not worth a place in the spool. One at a time with fillings, so that stopping waits for it.
    if (announces) return this.#inTurn(() => this.#keep(batch, body));
    batch.body = body;
    this.#sender.wake();
  }
}

/** Events that may wait as objects; more of them are made text in a turn of their own. */
const LOT_EVENTS = 64;
/** Largest batch made for a beacon: what a page may have in flight, less the preamble. */
const MAX_BEACON_BYTES = 55_000;
/** A header without the emitter's identity: sequence, times, drops by reason. */
const MAX_HEADER_BYTES = 1_024;
/** Below this, compression saves less than its header costs. */
const MIN_COMPRESSED_BYTES = 256;
