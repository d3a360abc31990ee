import { readCommitMetadata } from '#libs/contracts';
import type { Committed } from '#libs/event-log';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from './aggregator-store.js';
import { PartitionState } from './progress/partition-state.js';
import type { Mark, MarkBook } from './recount/mark-book.js';

/** The partitions that this aggregator has now, and what it knows of each. */
export class Assignments {
  readonly #states = new Map<number, PartitionState>();

  constructor(
    private readonly store: AggregatorStore,
    private readonly marks: MarkBook,
  ) {}

  /**
   * Reads what the last owner left: watermark, settled ends, open marks. Before the first batch.
   *
   * What it committed, it had marked before. A mark that it writes from now on belongs to a block whose commit is refused:
   * its records come again, and make marks of their own.
   *
   * @param isRead whether the log has nothing behind what is committed. Only then is the partition as silent as it was:
   * else somebody has been heard by the collectors who is not heard here yet.
   */
  async assigned(
    partition: number,
    committed: Committed | undefined,
    monotonicMs: number,
    isRead: boolean,
  ): Promise<void> {
    const [restored, open] = await Promise.all([this.store.restored(partition), this.store.openMarks(partition)]);
    const offset = committed?.offset ?? 0n;
    // A commit tells of its own block, a row of progress of the time since: the later one was shown to somebody.
    const watermark = Math.max(restored.watermark, readCommitMetadata(committed?.metadata).watermark);
    // One that died between the two has heard more than its progress says.
    const silent = restored.silent && isRead && restored.committed >= offset;
    const state = new PartitionState(partition, { ...restored, watermark, silent }, monotonicMs);
    state.committed = offset;
    this.#states.set(partition, state);
    this.marks.addFound(open, monotonicMs);
  }

  /**
   * Reads open marks that the table has and the book has not: those of an owner before, written after this one had read
   * them. No answer needs them, but while they are open audit and retention leave their buckets alone. Marks that are taken now would be found again, so call it between recounts.
   */
  async findMarks(monotonicMs: number): Promise<void> {
    for (const { partition } of this.all()) {
      const open = await this.store.openMarks(partition);
      if (this.get(partition) !== undefined) this.marks.addFound(open, monotonicMs);
    }
  }

  /**
   * Writes new marks and books them. Own are those of partitions that were had all the while: one that went away and
   * came back meanwhile had another owner, who may be amid the recount of what was just written.
   */
  async writeMarks(marks: readonly Mark[], clock: Clock): Promise<void> {
    const before = new Map(this.#states);
    await this.store.insertMarks(marks, false);
    const same = (mark: Mark) => before.get(mark.partition) === this.#states.get(mark.partition);
    const had = marks.filter(({ partition }) => this.#states.has(partition));
    this.marks.add(had.filter(same), clock.monotonic());
    this.marks.addFound(
      had.filter((mark) => !same(mark)),
      clock.monotonic(),
    );
  }

  revoked(partition: number): void {
    this.#states.delete(partition);
    this.marks.drop(partition);
  }

  get(partition: number): PartitionState | undefined {
    return this.#states.get(partition);
  }

  all(): PartitionState[] {
    return [...this.#states.values()];
  }
}
