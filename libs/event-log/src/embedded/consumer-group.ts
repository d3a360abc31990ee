import type { ConsumeOptions, Consumption } from '../event-log.js';
import { PartitionRun, type RunContext } from './partition-run.js';

interface Member {
  readonly options: ConsumeOptions;
  readonly runs: Map<number, PartitionRun>;
}

/** The consumers of one group on one topic in this process. Joining and leaving shares the partitions out anew. */
export class ConsumerGroup {
  readonly #members: Member[] = [];
  /** The last run of each partition: the next one waits for it. */
  readonly #last = new Map<number, PartitionRun>();

  /** @param handOverMs how long a partition's next owner waits for a handler of the last one that does not end */
  constructor(
    private readonly context: RunContext,
    private readonly handOverMs: number,
  ) {}

  get size(): number {
    return this.#members.length;
  }

  join(options: ConsumeOptions): Consumption {
    const member: Member = { options, runs: new Map() };
    this.#members.push(member);
    this.#share();
    let closing: Promise<void> | undefined;
    return {
      get assigned() {
        return [...member.runs.keys()].toSorted((a, b) => a - b);
      },
      close: () => (closing ??= this.#leave(member)),
    };
  }

  wake(): void {
    for (const { runs } of this.#members) for (const run of runs.values()) run.wake();
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.slice().map((member) => this.#leave(member)));
    // Also those that left or lost a partition before and are still at work.
    await Promise.all([...this.#last.values()].map((run) => run.ended));
  }

  async #leave(member: Member): Promise<void> {
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    const ending = [...member.runs.values()];
    for (const run of ending) run.revoke();
    member.runs.clear();
    this.#share();
    await Promise.all(ending.map((run) => run.ended));
  }

  /** Partition p belongs to member p mod n; only what changes hands is touched. */
  #share(): void {
    for (let partition = 0; partition < this.context.topic.partitions.length; partition++) {
      const owner = this.#members[partition % Math.max(1, this.#members.length)];
      for (const member of this.#members) {
        const run = member.runs.get(partition);
        if (run === undefined || member === owner) continue;
        run.revoke();
        member.runs.delete(partition);
      }
      if (owner === undefined || owner.runs.has(partition)) continue;
      const run = new PartitionRun(owner.options, partition, this.context, this.#handOver(partition, owner.options));
      owner.runs.set(partition, run);
      this.#last.set(partition, run);
    }
  }

  async #handOver(partition: number, owner: ConsumeOptions): Promise<void> {
    const last = this.#last.get(partition);
    // A consumer never works on two batches of a partition at once, however long its own handler takes.
    if (last === undefined || last.options === owner) return last?.ended;
    const over = new AbortController();
    const limit = this.context.clock.sleep(this.handOverMs, over.signal).catch(() => undefined);
    await Promise.race([last.ended, limit]);
    over.abort();
  }
}
