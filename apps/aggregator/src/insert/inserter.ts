import { eventTime, isInstance } from '#libs/contracts';
import type { LogRecord, RecordBatch } from '#libs/event-log';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { decodeRecord, isPoison, type DecodedRecord } from '../consume/decode-record.js';
import type { Mark, MarkBook } from '../recount/mark-book.js';
import type { AggregatorTelemetry } from '../telemetry.js';
import { Block, type Heard } from './block.js';
import { decide, identityKey, type KnownBatch } from './identity.js';

export interface InserterOptions {
  /** Least time between the starts of two inserts, ms: active parts stay bounded. */
  readonly paceMs: number;
  /** Rows after which a block is written although more is waiting. */
  readonly maxBlockRows: number;
  /** For how late events raw events are kept, ms; collectors compare it with what they let in. */
  readonly latenessMs: number;
}

interface Waiting {
  readonly batch: RecordBatch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A round waits this long, ms, for the partitions that hand over at the same moment: few full blocks instead of many. */
const GATHER_MS = 20;

/** After this many decoded records other work gets a turn. */
const RECORDS_A_TURN = 8;

/**
 * Gathers what all partitions hand over and writes it together: rows, dead letters, batches, marks, in this order, and
 * only then the commits. A failure rejects every batch of the round: the log delivers them again, and the same rows are
 * written once more.
 */
export class Inserter {
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #lastStart = -Infinity;

  constructor(
    private readonly store: AggregatorStore,
    private readonly assignments: Assignments,
    private readonly marks: MarkBook,
    private readonly clock: Clock,
    private readonly telemetry: AggregatorTelemetry,
    private readonly log: Logger,
    /** Draws an identity for the marks of one block. */
    private readonly newTouch: () => string,
    private readonly options: InserterOptions,
  ) {}

  /** Resolves when the batch is in ClickHouse and committed. */
  async insert(batch: RecordBatch): Promise<void> {
    const state = this.assignments.get(batch.partition);
    if (state !== undefined) state.waiting++;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ batch, resolve, reject });
        this.#running ??= this.#rounds();
      });
    } finally {
      if (state !== undefined) state.waiting--;
    }
  }

  /** Settles when nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #rounds(): Promise<void> {
    while (this.#waiting.length > 0) {
      const { paceMs } = this.options;
      const pace = this.#lastStart + paceMs - this.clock.monotonic();
      await this.clock.sleep(Math.max(pace, Math.min(GATHER_MS, paceMs)));
      this.#lastStart = this.clock.monotonic();
      const round = this.#waiting;
      this.#waiting = [];
      await this.#round(round);
    }
    // In the same turn as the last look at what waits: a batch that comes a turn later must find nobody running.
    this.#running = undefined;
  }

  async #round(round: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(round.map(({ batch }) => batch));
    } catch (error) {
      this.telemetry.failedRound(error);
      this.log.warn('Block not written; the log delivers it again.', {
        code: codeOf(error),
        reason: error instanceof Error ? error.message : String(error),
      });
      for (const { reject } of round) reject(error);
      return;
    }
    await Promise.all(round.map(({ batch, resolve, reject }) => this.#commit(batch).then(resolve, reject)));
  }

  async #write(batches: readonly RecordBatch[]): Promise<void> {
    const started = this.clock.monotonic();
    const records = batches.flatMap((batch) => batch.records);
    const known = await this.store.knownBatches(identitiesOf(records));
    const rawFrom = await this.store.rawFrom();
    let block = new Block(rawFrom);
    let turn = 0;
    for (const record of records) {
      this.#take(record, known, block);
      if (block.rows >= this.options.maxBlockRows) {
        await this.#writeBlock(block);
        block = new Block(rawFrom);
      } else if (++turn % RECORDS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#writeBlock(block);
    this.telemetry.wroteRound((this.clock.monotonic() - started) / 1_000);
  }

  #take(record: LogRecord, known: Map<string, readonly KnownBatch[]>, block: Block): void {
    const decoded = decodeRecord(record);
    if (isPoison(decoded)) {
      this.telemetry.poison();
      this.log.warn('Record cannot be read; it goes to the dead letters.', {
        partition: record.partition,
        offset: String(record.offset),
        reason: decoded.reason,
      });
      return block.addPoison(decoded, record.appendedAt);
    }
    const key = identityKey(decoded.instance, decoded.headers.sequence);
    const { hash, originalAcceptedAt } = decoded.headers;
    const letter = originalAcceptedAt !== undefined;
    const indexes = decoded.events.map(({ index }) => index);
    const others = known.get(key) ?? [];
    const { decision, taken } = decide(others, { offset: record.offset, hash, letter, indexes });
    this.telemetry.decided(decision);
    const before = others.find(({ offset }) => offset === record.offset);
    if (decision === 'insert' && before !== undefined) block.addAgain(decoded, before);
    else if (decision === 'insert') {
      const rest =
        taken === undefined ? decoded : { ...decoded, events: decoded.events.filter(({ index }) => !taken.has(index)) };
      const row = block.add(rest);
      known.set(key, [...others, { offset: row.offset, hash, letter, events: row.events, indexes: row.indexes }]);
    } else if (decision === 'conflict') {
      this.log.warn('Two batches under one identity; the earlier one counts, the other goes to the dead letters.', {
        instance: decoded.instance,
        sequence: decoded.headers.sequence,
      });
      block.addConflict(decoded);
    }
    // A mended letter is somebody else's word: the emitter may be long gone.
    if (!letter) block.heard.push(heardFrom(decoded));
  }

  async #writeBlock(block: Block): Promise<void> {
    const tables = block.tables();
    await Promise.all(tables.map((table) => this.store.insertEvents(table)));
    await this.store.insertDeadLetters(block.deadLetters);
    await this.store.insertBatches(block.batches);
    // New for each block, also for one that is done again after a crash: a mark that was consumed then must not stand in
    // the book as open now, or a later touch would lean on a mark that nobody can find.
    const touch = this.newTouch();
    const marks: Mark[] = [];
    for (const { touched, offset } of block.touched.list()) {
      const bucket = { level: '10s' as const, ...touched };
      if (this.marks.needsMark(bucket)) marks.push({ ...bucket, touch: `${touched.partition}@${offset}/${touch}` });
    }
    // A partition that went away meanwhile takes its marks with it: its next owner reads them from the table.
    await this.assignments.writeMarks(marks, this.clock);
    // Only now: the watermark says what is in the tables, and a bucket settles only when its marks are known.
    const monotonic = this.clock.monotonic();
    for (const { partition, instance, acceptedAt, closedThrough } of block.heard)
      if (closedThrough > 0)
        this.assignments.get(partition)?.tracker.heard(instance, acceptedAt, closedThrough, monotonic);
    for (const { table, rows } of tables) this.telemetry.inserted(table, rows);
    this.telemetry.deadLetters(block.deadLetters);
  }

  async #commit(batch: RecordBatch): Promise<void> {
    const last = batch.records.at(-1)!;
    const state = this.assignments.get(batch.partition);
    state?.tracker.advance(this.clock.monotonic());
    await batch.commit(last.offset + 1n, state?.metadata(this.options.latenessMs) ?? '{}');
    if (state !== undefined) state.committed = last.offset + 1n;
  }
}

/** What a record says about its emitter; a resend speaks for it, too. */
function heardFrom({ partition, instance, headers, batch, events }: DecodedRecord): Heard {
  let latest = 0;
  if (batch.closedThrough === undefined) for (const { event } of events) latest = Math.max(latest, eventTime(event));
  return { partition, instance, acceptedAt: headers.acceptedAt, closedThrough: batch.closedThrough ?? latest };
}

/** From key and headers alone; a record that has no identity turns out to be poison when it is read. */
function identitiesOf(records: readonly LogRecord[]): { instance: string; sequence: number }[] {
  const identities = new Map<string, { instance: string; sequence: number }>();
  for (const { key, headers } of records) {
    const sequence = Number(headers['seq']);
    if (isInstance(key) && Number.isSafeInteger(sequence) && sequence >= 0)
      identities.set(identityKey(key, sequence), { instance: key, sequence });
  }
  return [...identities.values()];
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
