import type { NewRecord, Position } from '../event-log.js';
import { LogFullError } from '../errors.js';
import type { Catalogue, PartitionState, Topic } from './catalogue.js';
import { partitionOf } from './partitioner.js';
import { encodeKey, encodeRecord, type RecordKey } from './record-codec.js';

export interface Retention {
  /** Most bytes of records held, over all topics. Beyond that, records that every group has committed are cut, oldest first. */
  readonly maxBytes: number;
  /** Records older than this against the newest of their topic, that every group has committed, are cut, ms. */
  readonly maxAgeMs: number;
}

/** Reads the keys of a partition's records from an offset on, lazily. */
export type KeyReader = (topic: Topic, partition: number, from: bigint) => Iterator<RecordKey>;

/** Records cut by age in one round at most, so that cutting never holds up appends for long. */
const MAX_EXPIRED = 2_000;

interface Draft {
  readonly topic: Topic;
  readonly partition: number;
  readonly floor: bigint;
  state: PartitionState;
  /** Keys of the oldest records, read when first needed. */
  keys: Iterator<RecordKey> | undefined;
  oldest: RecordKey | undefined;
}

/**
 * What one transaction will do: records to put, records to cut, ranges to change. Decides and changes nothing itself, so
 * that a failed transaction leaves no trace.
 */
export class RoundPlan {
  readonly puts: { readonly key: Buffer; readonly value: Buffer }[] = [];
  readonly cuts: Buffer[] = [];
  readonly #drafts = new Map<string, Draft>();
  #bytes: number;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly readKeys: KeyReader,
    private readonly retention: Retention,
    private readonly now: number,
  ) {
    this.#bytes = catalogue.totalBytes;
  }

  /** Ranges as they will be. */
  *ranges(): Iterable<{ topic: string; partition: number; state: PartitionState }> {
    for (const { topic, partition, state } of this.#drafts.values())
      if (state !== topic.partitions[partition]) yield { topic: topic.name, partition, state };
  }

  /** Adds one append, whole. @throws LogFullError when there is no room and none can be made. */
  append(topic: Topic, records: readonly NewRecord[]): Position[] {
    const values = records.map(encodeRecord);
    this.#makeRoom(values.reduce((sum, { length }) => sum + length, 0));
    return values.map((value, index) => {
      const draft = this.#draft(topic, partitionOf(records[index]!.key, topic.partitions.length));
      const { partition, state } = draft;
      const offset = state.next;
      const key = encodeKey({ topicId: topic.id, partition, offset, size: value.length, appendedAt: this.now });
      this.puts.push({ key, value });
      draft.state = { ...state, next: offset + 1n, bytes: state.bytes + value.length };
      this.#bytes += value.length;
      return { partition, offset };
    });
  }

  /**
   * Cuts what is too old against the newest record of its topic, or the clock when that shows less: a wrong clock alone
   * cuts nothing, and where nothing comes nothing is cut.
   */
  cutExpired(): void {
    const newest = new Map<Topic, number>();
    for (const { topic, partition } of this.#allDrafts())
      newest.set(topic, Math.max(newest.get(topic) ?? 0, this.#newestOf(topic, partition)));
    for (const draft of this.#allDrafts()) {
      const oldest = Math.min(this.now, newest.get(draft.topic)!) - this.retention.maxAgeMs;
      for (let record = this.#cuttable(draft); record !== undefined; record = this.#cuttable(draft)) {
        if (record.appendedAt >= oldest || this.cuts.length >= MAX_EXPIRED) break;
        this.#cut(draft, record);
      }
    }
  }

  /** When the newest record of a partition on disk was appended; 0 when there is none. */
  #newestOf(topic: Topic, partition: number): number {
    const { earliest, next } = topic.partitions[partition]!;
    if (earliest >= next) return 0;
    return this.readKeys(topic, partition, next - 1n).next().value?.appendedAt ?? 0;
  }

  #makeRoom(wanted: number): void {
    const { maxBytes } = this.retention;
    if (this.#bytes + wanted <= maxBytes) return;
    const drafts = this.#allDrafts();
    while (this.#bytes + wanted > maxBytes) {
      let first: { draft: Draft; record: RecordKey } | undefined;
      for (const draft of drafts) {
        const record = this.#cuttable(draft);
        if (record !== undefined && (first === undefined || record.appendedAt < first.record.appendedAt))
          first = { draft, record };
      }
      if (first === undefined)
        throw new LogFullError(
          `The log holds ${this.#bytes} bytes that are not committed by every consumer group yet, of ${maxBytes} at most. ` +
            'It takes more as soon as its consumers have caught up.',
        );
      this.#cut(first.draft, first.record);
    }
  }

  /** The oldest record of the partition, when every group is past it. */
  #cuttable(draft: Draft): RecordKey | undefined {
    if (draft.state.earliest >= draft.floor) return undefined;
    if (draft.oldest !== undefined) return draft.oldest;
    draft.keys ??= this.readKeys(draft.topic, draft.partition, draft.state.earliest);
    const next = draft.keys.next();
    return next.done === true ? undefined : (draft.oldest = next.value);
  }

  #cut(draft: Draft, record: RecordKey): void {
    this.cuts.push(encodeKey(record));
    draft.oldest = undefined;
    draft.state = { ...draft.state, earliest: record.offset + 1n, bytes: draft.state.bytes - record.size };
    this.#bytes -= record.size;
  }

  #allDrafts(): Draft[] {
    return [...this.catalogue.topics()].flatMap((topic) =>
      topic.partitions.map((_, partition) => this.#draft(topic, partition)),
    );
  }

  #draft(topic: Topic, partition: number): Draft {
    const place = `${topic.id}/${partition}`;
    const known = this.#drafts.get(place);
    if (known !== undefined) return known;
    const floor = this.catalogue.floor(topic, partition);
    const state = topic.partitions[partition]!;
    const draft: Draft = { topic, partition, floor, state, keys: undefined, oldest: undefined };
    this.#drafts.set(place, draft);
    return draft;
  }
}
