import type { ConsumeOptions, Consumption } from '../event-log.js';
import { PartitionRun, type RunContext } from './partition-run.js';

/** How long the next owner of a partition waits for the handler of the last one before it goes on without it. */
export interface GroupOptions {
  readonly handOverMs: number;
}

interface Member {
  readonly options: ConsumeOptions;
  readonly runs: Map<number, PartitionRun>;
}

/** The consumers of one group on one topic in this process. Joining and leaving shares the partitions out anew. */
export class ConsumerGroup {
  readonly #members: Member[] = [];
  /** The last run of each partition: the next one starts when it has ended, or after the hand-over time. */
  readonly #last = new Map<number, PartitionRun>();

  constructor(
    private readonly partitions: number,
    private readonly context: RunContext,
    private readonly groupOptions: GroupOptions,
  ) {}

  join(options: ConsumeOptions): Consumption {
    const member: Member = { options, runs: new Map() };
    this.#members.push(member);
    this.#share();
    let closing: Promise<void> | undefined;
    return {
      get assigned() {
        return [...member.runs.keys()].sort((a, b) => a - b);
      },
      close: () => (closing ??= this.#leave(member)),
    };
  }

  wake(): void {
    for (const { runs } of this.#members) for (const run of runs.values()) run.wake();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#leave(member)));
  }

  async #leave(member: Member): Promise<void> {
    const index = this.#members.indexOf(member);
    if (index < 0) return;
    this.#members.splice(index, 1);
    const ending = [...member.runs.values()];
    for (const run of ending) run.revoke();
    member.runs.clear();
    this.#share();
    await Promise.all(ending.map((run) => run.ended));
  }

  /** Partition p belongs to member p mod n; only what changes hands is touched. */
  #share(): void {
    for (let partition = 0; partition < this.partitions; partition++) {
      const owner = this.#members[partition % Math.max(1, this.#members.length)];
      for (const member of this.#members) {
        const run = member.runs.get(partition);
        if (run === undefined || member === owner) continue;
        run.revoke();
        member.runs.delete(partition);
      }
      if (owner === undefined || owner.runs.has(partition)) continue;
      const run = new PartitionRun(owner.options, partition, this.context, this.#handOver(partition));
      owner.runs.set(partition, run);
      this.#last.set(partition, run);
    }
  }

  async #handOver(partition: number): Promise<void> {
    const last = this.#last.get(partition);
    if (last === undefined) return;
    const waiting = new AbortController();
    const limit = this.context.clock.sleep(this.groupOptions.handOverMs, waiting.signal).catch(() => undefined);
    await Promise.race([last.ended, limit]);
    waiting.abort();
  }
}
