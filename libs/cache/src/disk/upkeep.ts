import type { Timer } from '#libs/time';
import type { Selection } from '../tier/tier.js';
import { ChangeReader } from './change-log.js';
import { endedBefore } from './keys.js';
import type { OpenDisk } from './open-disk.js';
import type { DiskRemovals } from './removals.js';
import { MOST_AT_ONCE } from './work.js';

/** How often it looks for entries whose time is over, ms. */
const SWEEP_MS = 1_000;
/** And so often when somebody listens to what other processes remove. */
const LISTENING_MS = 200;
/** And at the longest, after failures. */
const LONGEST_SWEEP_MS = 60_000;

/** What a disk tier does by itself: it passes on what others changed, and removes what ended, is owed or is too much. */
export class DiskUpkeep {
  readonly #changes: ChangeReader;
  #listener: ((selection: Selection) => void) | undefined;
  #timer: Timer | undefined;

  constructor(
    private readonly disk: OpenDisk,
    private readonly removals: DiskRemovals,
  ) {
    this.#changes = new ChangeReader(disk.databases, disk.instance, disk.totals());
  }

  /** Begins, or begins anew with somebody who listens. */
  schedule(listener = this.#listener): void {
    this.#listener = listener;
    this.#wait(listener === undefined ? SWEEP_MS : LISTENING_MS);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #wait(delayMs: number): void {
    const { disk } = this;
    this.#timer?.cancel();
    this.#timer = disk.context.clock.setTimer(
      () =>
        void this.#sweep().then(
          () => {
            if (!disk.isClosing) this.schedule();
          },
          (error: Error) => {
            if (disk.isClosing) return;
            disk.context.onProblem(error);
            this.#wait(Math.min(2 * delayMs, LONGEST_SWEEP_MS));
          },
        ),
      delayMs,
      { unref: true },
    );
  }

  async #sweep(): Promise<void> {
    const { disk } = this;
    const { context, queue, underWay } = disk;
    const totals = disk.totals();
    for (const selection of this.#changes.read(totals)) {
      disk.ghosts.forget(selection);
      this.#listener?.(selection);
    }
    for (const key of underWay.owed()) await this.removals.removeKey(key, 'invalidated');
    while (!disk.isClosing && this.#hasEnded(context.clock.now()))
      await queue.do((work) => work.expire(context.clock.now(), MOST_AT_ONCE));
    const { maxBytes = Number.POSITIVE_INFINITY, maxEntries = Number.POSITIVE_INFINITY } = disk.limits;
    if (totals.bytes > maxBytes || totals.entries > maxEntries) await shrink(disk);
  }

  #hasEnded(now: number): boolean {
    const { ends } = this.disk.databases;
    this.disk.refresh();
    return [...ends.getKeys({ ...endedBefore(now), limit: 1 })].length > 0;
  }
}

/** Evicts what is over the limits, some in each transaction. */
export async function shrink(disk: OpenDisk): Promise<void> {
  const { context, queue } = disk;
  let done = false;
  while (!done) done = await queue.do((work) => work.makeRoom(disk.limits, context.clock.now(), MOST_AT_ONCE));
}
