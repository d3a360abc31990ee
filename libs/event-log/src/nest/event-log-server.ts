import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { EventLogError } from '../errors.js';
import type { ConsumerHandlers, Consumption, EventLog, RecordBatch } from '../event-log.js';
import { EventLogContext } from './event-log-context.js';

/** What an app may want to know besides the batches. */
export type ConsumerHooks = Omit<ConsumerHandlers, 'onBatch'>;

export interface EventLogServerOptions {
  readonly log: EventLog;
  /** Consumer group of all handlers of this server. */
  readonly group: string;
  /** Most records in one batch. Default: the log's. */
  readonly maxBatchRecords?: number;
  readonly hooks?: ConsumerHooks;
}

/**
 * Consumers as Nest microservices: each `@EventPattern<string>(topic)` handler gets the RecordBatch as payload and an
 * EventLogContext. Its promise is the outcome: a rejection makes the log deliver the records again, and the handler
 * commits by itself. Nest's own `handleEvent` would hide a failure, so handlers are called and awaited here.
 *
 * The log belongs to whoever opened it: closing the server leaves the groups, not the log.
 */
export class EventLogServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('alperf.event-log');
  override readonly propagatesEventHandlerErrors = true;
  #hooks: ConsumerHooks;
  #listening: Promise<Consumption[]> | undefined;

  constructor(private readonly options: EventLogServerOptions) {
    super();
    this.#hooks = options.hooks ?? {};
    this.initializeSerializer({});
    this.initializeDeserializer({});
  }

  /** Sets the hooks, for apps whose providers exist only after the server. Call it before the server listens. */
  setHooks(hooks: ConsumerHooks): void {
    this.#hooks = hooks;
  }

  /** Partitions assigned now, over all topics. */
  async assigned(): Promise<number> {
    const consumptions = await (this.#listening ?? Promise.resolve([]));
    return consumptions.reduce((sum, { assigned }) => sum + assigned.length, 0);
  }

  listen(callback: (error?: unknown) => void): void {
    this.#listening = this.#consumeAll();
    void this.#tell(this.#listening, callback);
  }

  /** Waits for running handlers, then leaves the groups. */
  async close(): Promise<void> {
    const consumptions = await (this.#listening ?? Promise.resolve([])).catch(() => []);
    await Promise.all(consumptions.map((one) => one.close()));
  }

  /** The port has no events of its own; hooks tell what happens. */
  on(event: string): never {
    throw new TypeError(`EventLogServer has no event ${event}: use setHooks.`);
  }

  unwrap<T>(): T {
    return this.options.log as T;
  }

  async #tell(listening: Promise<unknown>, callback: (error?: unknown) => void): Promise<void> {
    const [outcome] = await Promise.allSettled([listening]);
    if (outcome.status === 'fulfilled') callback();
    else callback(outcome.reason);
  }

  async #consumeAll(): Promise<Consumption[]> {
    const outcomes = await Promise.allSettled(
      [...this.messageHandlers].map(([topic, handler]) => this.#consume(topic, handler)),
    );
    const consumptions = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = outcomes.find((one) => one.status === 'rejected');
    if (failed === undefined) return consumptions;
    await Promise.all(consumptions.map((one) => one.close()));
    throw failed.reason;
  }

  async #consume(topic: string, handler: MessageHandler): Promise<Consumption> {
    if (handler.isEventHandler !== true)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `The handler of ${topic} answers requests; the log only delivers: use @EventPattern.`,
        false,
      );
    const { log, group, maxBatchRecords } = this.options;
    return log.consume({
      ...this.#hooks,
      topic,
      group,
      ...(maxBatchRecords !== undefined && { maxBatchRecords }),
      onBatch: (batch) => this.#handle(handler, batch),
    });
  }

  async #handle(handler: MessageHandler, batch: RecordBatch): Promise<void> {
    try {
      const result: unknown = await handler(batch, new EventLogContext([batch, this.options.group]));
      // Nest turns results and failures of filters and interceptors into streams; the failure comes on subscribing.
      if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
    } catch (error) {
      throw error instanceof Error ? error : new Error(messageOf(error), { cause: error });
    }
  }
}

/** Nest's own filter answers `{ status, message }` instead of the error. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
