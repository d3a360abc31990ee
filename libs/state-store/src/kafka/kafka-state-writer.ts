import type { Kafka, Message } from 'kafkajs';
import { fullJitter, type Clock } from '#libs/time';
import { FencedError, StateStoreError } from '../errors.js';
import type { SetResult, StateWriter } from '../state-store.js';
import { encodeRecordKey } from './record-keys.js';
import { toStateStoreError } from './state-errors.js';
import type { StateView, WatchedRecord } from './state-view.js';
import { TransactionalProducer, TransactionFailure } from './transactions.js';

export const MAX_VALUE_BYTES = 256 * 1024;
/** Most bytes in one transaction: under the topic's max.message.bytes of 4 MiB, with room for keys and framing. */
const MAX_TRANSACTION_BYTES = 3_900_000;
const BACKOFF = { baseMs: 50, capMs: 1_000 };

export interface WriterContext {
  readonly kafka: Pick<Kafka, 'producer'>;
  readonly view: StateView;
  readonly topic: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long a write may be tried again, ms. */
  readonly timeoutMs: number;
}

interface Entry {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** What a write decides once the view is up to date: the entries to write, or the answer without writing. */
type Decision<Answer> =
  | { readonly write: readonly Entry[]; readonly acknowledge: (baseOffset: bigint) => Answer }
  | { readonly answer: Answer };

/**
 * The writer of a scope. Who it is stands in the scope's epoch record; Kafka's transactional id makes that hold: a
 * writer that was overtaken cannot commit. A producer that failed is replaced as long as no other epoch is known, and the
 * epoch is looked at again after the replacement.
 */
export class KafkaStateWriter implements StateWriter {
  #producer: TransactionalProducer | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;
  #epoch = 0n;

  private constructor(
    readonly scope: string,
    private readonly context: WriterContext,
  ) {}

  /** Opens the scope and fences every earlier writer of it. */
  static async open(scope: string, context: WriterContext): Promise<KafkaStateWriter> {
    const key = encodeRecordKey({ kind: 'epoch', scope });
    const writer = new KafkaStateWriter(scope, context);
    const { view, topic } = context;
    writer.#epoch = await writer.#persist(`Scope ${scope} could not be opened`, async () => {
      writer.#producer ??= await TransactionalProducer.start(context.kafka, writer.#transactionalId);
      await view.catchUp();
      const epoch = view.epoch(scope) + 1n;
      await writer.#producer.write(topic, [{ key, value: String(epoch) }]);
      return epoch;
    });
    return writer;
  }

  get epoch(): bigint {
    return this.#epoch;
  }

  async compareAndSet(key: string, expected: bigint | undefined, value: Uint8Array): Promise<SetResult> {
    const write = this.#checked([{ key, value }]);
    return this.#write<SetResult>(() => {
      const found = this.context.view.entries(this.scope).get(key);
      if (found?.version !== expected)
        return { answer: { ok: false, conflict: found && { ...found, value: Uint8Array.from(found.value) } } };
      return { write, acknowledge: (version) => ({ ok: true, version }) };
    });
  }

  async put(key: string, value: Uint8Array): Promise<bigint> {
    const write = this.#checked([{ key, value }]);
    return this.#write<bigint>(() => ({ write, acknowledge: (version) => version }));
  }

  async delete(key: string): Promise<boolean> {
    return this.#write<boolean>(() => {
      if (!this.context.view.entries(this.scope).has(key)) return { answer: false };
      return { write: [{ key, value: undefined }], acknowledge: () => true };
    });
  }

  async putAll(entries: readonly Entry[]): Promise<void> {
    const write = this.#checked(entries);
    return this.#write<void>(() =>
      write.length === 0 ? { answer: undefined } : { write, acknowledge: () => undefined },
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#discardProducer();
  }

  get #transactionalId(): string {
    return `alperf-state-${this.scope}`;
  }

  /** One write at a time, in the order of the calls. */
  #write<Answer>(decide: () => Decision<Answer>): Promise<Answer> {
    const turn = this.#turn.then(() => this.#writeNow(decide));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #writeNow<Answer>(decide: () => Decision<Answer>): Promise<Answer> {
    const { view, kafka, topic } = this.context;
    // What was sent and may be committed, although no answer said so. It outlives the attempts: one that fails before it
    // could look must not make the next one decide anew, on top of its own write.
    let sent: { readonly record: WatchedRecord; readonly acknowledge: (baseOffset: bigint) => Answer } | undefined;
    return this.#persist(`Write to scope ${this.scope} failed`, async () => {
      // Taking the id over decides what is undecided. Should another writer have opened the scope meanwhile, then this
      // costs that one a second try, and catching up shows its epoch.
      if (view.epoch(this.scope) === this.#epoch)
        this.#producer ??= await TransactionalProducer.start(kafka, this.#transactionalId);
      await view.catchUp();
      if (sent?.record.committed === true) return sent.acknowledge(sent.record.offset);
      this.#checkEpoch();
      const decision = decide();
      if ('answer' in decision) return decision.answer;
      const { write, acknowledge } = decision;
      const messages = write.map((entry) => this.#message(entry));
      const offset = await this.#producer!.write(topic, messages, (baseOffset) => {
        sent = { record: view.watch(baseOffset), acknowledge };
      });
      return acknowledge(offset);
    });
  }

  /** Tries again with backoff what failed in passing, with a new producer, until the time is over. */
  async #persist<Answer>(what: string, step: () => Promise<Answer>): Promise<Answer> {
    const { clock, random, timeoutMs } = this.context;
    const started = clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      if (this.#closed)
        throw new StateStoreError('STATE_CLOSED', `The writer of scope ${this.scope} is closed.`, false);
      try {
        return await step();
      } catch (error) {
        if (error instanceof StateStoreError && !error.retriable) throw error;
        await this.#discardProducer();
        // An id taken over is no verdict yet: the epoch is, when the step looks at it again.
        const takenOver = error instanceof TransactionFailure && error.takenOver;
        const failure = toStateStoreError(error, what);
        const expired = clock.monotonic() - started > timeoutMs;
        if ((!failure.retriable && !takenOver) || expired) throw failure;
        await clock.sleep(fullJitter(attempt, BACKOFF, random));
      }
    }
  }

  #checkEpoch(): void {
    const current = this.context.view.epoch(this.scope);
    if (current !== this.#epoch)
      throw new FencedError(
        `Scope ${this.scope} was opened by another writer (epoch ${current}, this one ${this.#epoch}).`,
      );
  }

  async #discardProducer(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.stop();
  }

  #message({ key, value }: Entry): Message {
    const recordKey = encodeRecordKey({ kind: 'entry', scope: this.scope, key });
    return { key: recordKey, value: value === undefined ? null : Buffer.from(value.buffer) };
  }

  /** The entries within their bounds, copied: the bytes are the caller's again at once. */
  #checked(entries: readonly Entry[]): Entry[] {
    let total = 0;
    for (const { key, value } of entries) {
      const bytes = value?.byteLength ?? 0;
      if (bytes > MAX_VALUE_BYTES)
        throw new StateStoreError('STATE_TOO_LARGE', `A value of ${bytes} bytes is over ${MAX_VALUE_BYTES}.`, false);
      total += bytes + Buffer.byteLength(key) + this.scope.length + 64;
    }
    if (total > MAX_TRANSACTION_BYTES)
      throw new StateStoreError('STATE_TOO_LARGE', `${total} bytes at once are over ${MAX_TRANSACTION_BYTES}.`, false);
    return entries.map(({ key, value }) => ({ key, value: value && Uint8Array.from(value) }));
  }
}
