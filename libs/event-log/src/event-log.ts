/** What a producer hands in. The log keeps key, value and headers as they are. */
export interface NewRecord {
  /** Decides the partition: records of one key stay in order. At most 256 bytes of UTF-8. */
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LogRecord extends NewRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** When the log took it, by the log's clock, ms since 1970. */
  readonly appendedAt: number;
}

export interface Position {
  readonly partition: number;
  readonly offset: bigint;
}

/** `offset` is the next one to read; `metadata` is what was committed with it, at most 4,096 bytes of UTF-8. */
export interface Committed extends Position {
  readonly metadata: string;
}

export interface PartitionRange {
  readonly partition: number;
  /** The oldest offset still held. */
  readonly earliest: bigint;
  /** The offset that the next record gets. */
  readonly next: bigint;
}

/** Records of one partition, in order, without gaps in what the log still holds. Never empty. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  /** The log's end of this partition when the batch was read: `next − last offset − 1` is the lag. */
  readonly next: bigint;
  /** Aborts when this consumer loses the partition, or is closing: stop, and do not commit. */
  readonly signal: AbortSignal;
  /**
   * Commits that everything before `offset` is done. Resolves when the commit is durable.
   * @throws LostPartitionError when the partition belongs to another consumer by now: nothing was committed.
   */
  commit(offset: bigint, metadata: string): Promise<void>;
}

export interface ConsumerHandlers {
  /**
   * A partition was assigned; called before its first batch, awaited. `committed` is undefined when the group has no
   * (or no longer a valid) commit for it: consumption then starts at the earliest record held.
   */
  onAssigned?(topic: string, partition: number, committed: Committed | undefined): Promise<void>;
  /** A partition went away (rebalance or close). Its `signal` has aborted before. */
  onRevoked?(topic: string, partition: number): Promise<void>;
  /**
   * Called for one batch at a time per partition; batches of several partitions run side by side.
   * When it rejects, the same records are delivered again after a backoff, from the last committed offset:
   * delivery is at least once, and whoever wants a record skipped must commit past it.
   * When it resolves without a commit, consumption goes on with the next records all the same.
   */
  onBatch(batch: RecordBatch): Promise<void>;
  /** Told of every failure that the consumer retries by itself. */
  onError?(error: Error): void;
}

export interface ConsumeOptions extends ConsumerHandlers {
  readonly topic: string;
  readonly group: string;
  /** Most records in one batch. Default 500. */
  readonly maxBatchRecords?: number;
}

export interface Consumption {
  /** Partitions that are assigned now. */
  readonly assigned: readonly number[];
  /** Stops fetching, aborts the signals, waits for running handlers, leaves the group. Idempotent. */
  close(): Promise<void>;
}

/** A `read` ends with the record that brings it to this many bytes of keys, headers and values. */
export const MAX_READ_BYTES = 16 * 2 ** 20;

/** What a log can say about how safe an acknowledged append is. */
export interface Durability {
  readonly durable: boolean;
  /** In words: what was found, and when it is not durable, what to change. */
  readonly detail: string;
}

/** How long a log keeps records when it is not told otherwise, and after how long Kafka begins another segment, ms. */
export const DEFAULT_KEEP = { retentionMs: 7 * 24 * 3_600_000, segmentMs: 24 * 3_600_000 } as const;

/** After how long and beyond how many bytes a log cuts records that were read; Infinity without a bound. */
export interface LogRetention {
  readonly ms: number;
  /** How much later than `ms` a record may still be there, ms: Kafka cuts whole segments. */
  readonly slackMs: number;
  readonly bytes: number;
}

/**
 * The log: append, consume in order per partition, commit with metadata. Also the DI token.
 *
 * Order: records of one partition keep the order in which they were appended; one `append` call keeps its order per partition.
 * Ownership: buffers handed in must not be changed until `append` settles; buffers handed out are the receiver's.
 * Errors: every method rejects with an EventLogError; `retriable` says whether the same call may succeed later.
 */
export abstract class EventLog {
  /** Creates topics that are missing. Existing ones are left as they are; another partition count is an error. */
  abstract ensureTopic(topic: string, options: { partitions: number }): Promise<void>;

  /**
   * Appends records. Resolves when they are durable (see `durability`), with their positions in the order given.
   * All or nothing per partition. After a rejection the records may or may not be in the log: append again, readers
   * tell repeats by identity.
   * @throws LogFullError when the log cannot take more without cutting unread records (see retention).
   */
  abstract append(topic: string, records: readonly NewRecord[]): Promise<Position[]>;

  /** Joins a consumer group. Resolves when the consumer runs. */
  abstract consume(options: ConsumeOptions): Promise<Consumption>;

  /** What the group has committed, by partition; partitions without a commit are left out. */
  abstract committed(topic: string, group: string): Promise<Committed[]>;

  /** What the log holds, by partition. */
  abstract ranges(topic: string): Promise<PartitionRange[]>;

  /**
   * Reads without a group: at most `limit` records from `from.offset` on (from the earliest held when that is gone), and
   * none behind the one that reaches `MAX_READ_BYTES`, so that nobody holds more than that and one record.
   * Fewer says nothing: an implementation may also stop where a fetch came back empty. Who needs all of a range reads on
   * behind the last record until `ranges` says that it is the end. For audits and tools.
   */
  abstract read(topic: string, from: Position, limit: number): Promise<LogRecord[]>;

  /** Whether an acknowledged append survives a crash of the machine, checked against the real configuration. */
  abstract durability(topic: string): Promise<Durability>;

  /** How long records are kept, as the log is really configured. */
  abstract retention(topic: string): Promise<LogRetention>;

  /** Ends everything: open appends settle, consumers close. Idempotent. */
  abstract close(): Promise<void>;
}
