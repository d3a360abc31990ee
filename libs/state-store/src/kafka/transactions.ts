import type { Kafka, Message, Producer } from 'kafkajs';
import { kafkaErrorType, RETRY } from '#libs/event-log/kafka';

/** Kafka's answers to a producer whose transactional id another producer has taken over. */
const TAKEN_OVER = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'TRANSACTIONAL_ID_NOT_FOUND']);

/** A transaction was not acknowledged. Whether it is committed only the log can say. */
export class TransactionFailure extends Error {
  constructor(options: { cause: unknown }) {
    super(options.cause instanceof Error ? options.cause.message : String(options.cause), options);
    this.name = 'TransactionFailure';
  }

  /** Whether another producer has taken over the transactional id. */
  get takenOver(): boolean {
    return TAKEN_OVER.has(kafkaErrorType(this.cause) ?? '');
  }
}

/**
 * A transactional producer of one id. Starting it fences every earlier one of the id and ends what they left open:
 * undecided transactions are aborted, decided ones completed.
 */
export class TransactionalProducer {
  #transaction: Awaited<ReturnType<Producer['transaction']>> | undefined;

  private constructor(private readonly producer: Producer) {}

  static async start(kafka: Pick<Kafka, 'producer'>, transactionalId: string): Promise<TransactionalProducer> {
    const producer = kafka.producer({
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // Readers wait for open transactions: one whose process died must not stay open for long.
      transactionTimeout: 10_000,
      retry: RETRY,
    });
    const started = new TransactionalProducer(producer);
    try {
      await producer.connect();
      // kafkajs takes over the id when the first transaction begins.
      started.#transaction = await producer.transaction();
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /**
   * Writes all or nothing, durable when it resolves, with the offset of the first message.
   * @param onSent is called with that offset before anything can be committed; without it, nothing ever will be.
   * @throws TransactionFailure; the producer is of no more use then.
   */
  async write(topic: string, messages: readonly Message[], onSent?: (baseOffset: bigint) => void): Promise<bigint> {
    try {
      const transaction = this.#transaction ?? (await this.producer.transaction());
      this.#transaction = undefined;
      const [answer] = await transaction.send({
        topic,
        acks: -1,
        messages: messages.map((message) => ({ ...message, partition: 0 })),
      });
      const baseOffset = BigInt(answer?.baseOffset ?? -1);
      if (answer?.errorCode !== 0 || baseOffset < 0n) throw new Error('The broker did not acknowledge.');
      onSent?.(baseOffset);
      await transaction.commit();
      return baseOffset;
    } catch (error) {
      throw new TransactionFailure({ cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined);
  }
}
