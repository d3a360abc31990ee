import type { Database } from 'lmdb';
import { EventLogError } from '../errors.js';
import type { Committed } from '../event-log.js';

/** One partition as the disk has it: changed only after a synced write. */
export interface PartitionState {
  readonly earliest: bigint;
  readonly next: bigint;
  /** Bytes of the records held. */
  readonly bytes: number;
}

export interface Topic {
  readonly name: string;
  readonly id: number;
  readonly partitions: PartitionState[];
  /** By group; a group that consumes and has not committed has an empty list. */
  readonly groups: Map<string, (Committed | undefined)[]>;
}

/** Keys of the `meta` database. None has one part only: LMDB gives such a key back as that part. */
export type MetaKey =
  | readonly ['format', 'log']
  | readonly ['topic', string]
  | readonly ['range', string, number]
  | readonly ['group', string, string]
  | readonly ['commit', string, string, number];

/** A change to the meta database; without a value the key is removed. */
export interface MetaChange {
  readonly key: MetaKey;
  readonly value?: unknown;
}

export type MetaDatabase = Database<unknown, string[]>;

const FORMAT = 2;
/** Written before anything else. */
export const FORMAT_MARK: MetaChange = { key: ['format', 'log'], value: FORMAT };

/** Topics, ranges, groups and commits in memory, as the disk has them. */
export class Catalogue {
  readonly #topics = new Map<string, Topic>();

  /** Reads what is there. @throws EventLogError LOG_MISCONFIGURED when another format was written. */
  static load(meta: MetaDatabase): Catalogue {
    const catalogue = new Catalogue();
    const entries = [...meta.getRange({})].map(({ key, value }) => ({ key: key as unknown as MetaKey, value }));
    const format = entries.find(({ key }) => key[0] === 'format')?.value;
    if (entries.length > 0 && format !== FORMAT)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `The log was written in format ${String(format ?? 1)}; this version reads format ${FORMAT}. Move its directory away to begin a new log.`,
        false,
      );
    for (const { key, value } of entries) if (key[0] === 'topic') catalogue.#addStored(key[1], value);
    for (const { key, value } of entries) {
      if (key[0] === 'range') catalogue.setRange(key[1], key[2], fromStoredRange(value));
      if (key[0] === 'group') catalogue.register(key[1], key[2]);
    }
    for (const { key, value } of entries)
      if (key[0] === 'commit') {
        const { offset, metadata } = value as { offset: string; metadata: string };
        catalogue.setCommit(key[1], key[2], { partition: key[3], offset: BigInt(offset), metadata });
      }
    return catalogue;
  }

  find(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  /** @throws EventLogError LOG_MISCONFIGURED when there is no such topic. */
  topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw new EventLogError('LOG_MISCONFIGURED', `There is no topic ${name} in the log. Create it first.`, false);
  }

  topics(): Iterable<Topic> {
    return this.#topics.values();
  }

  /** The id of the next topic. Ids are never used again: topics are never removed. */
  get nextTopicId(): number {
    return this.#topics.size + 1;
  }

  addTopic(name: string, id: number, partitions: number): void {
    const states = Array.from({ length: partitions }, () => ({ earliest: 0n, next: 0n, bytes: 0 }));
    this.#topics.set(name, { name, id, partitions: states, groups: new Map() });
  }

  setRange(topic: string, partition: number, state: PartitionState): void {
    this.topic(topic).partitions[partition] = state;
  }

  register(topic: string, group: string): void {
    const { groups } = this.topic(topic);
    if (!groups.has(group)) groups.set(group, []);
  }

  setCommit(topic: string, group: string, commit: Committed): void {
    this.register(topic, group);
    this.topic(topic).groups.get(group)![commit.partition] = commit;
  }

  forget(topic: string, group: string): void {
    this.topic(topic).groups.delete(group);
  }

  committed(topic: string, group: string): Committed[] {
    return (this.topic(topic).groups.get(group) ?? []).filter((one) => one !== undefined);
  }

  /** The offset below which every group of the topic is done; without any group, the end. */
  floor(topic: Topic, partition: number): bigint {
    const { earliest, next } = topic.partitions[partition]!;
    let floor = next;
    for (const commits of topic.groups.values()) {
      const offset = commits[partition]?.offset ?? earliest;
      if (offset < floor) floor = offset;
    }
    return floor;
  }

  get totalBytes(): number {
    let total = 0;
    for (const { partitions } of this.#topics.values()) for (const { bytes } of partitions) total += bytes;
    return total;
  }

  #addStored(name: string, value: unknown): void {
    const { id, partitions } = value as { id: number; partitions: number };
    this.addTopic(name, id, partitions);
  }
}

export function toStoredRange({ earliest, next, bytes }: PartitionState): unknown {
  return { earliest: earliest.toString(), next: next.toString(), bytes };
}

function fromStoredRange(value: unknown): PartitionState {
  const { earliest, next, bytes } = value as { earliest: string; next: string; bytes: number };
  return { earliest: BigInt(earliest), next: BigInt(next), bytes };
}
