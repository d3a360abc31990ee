import type { Clock, Timer } from '#libs/time';

/** Timers take no longer ones: 2³¹ − 1 ms, some 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Ends what takes too long, with one timer for all of it: set anew only for an earlier deadline, since most are as long as
 * each other and most of what they are for ends well before.
 */
export class Deadlines<Job extends { readonly deadline: number }> {
  #timer: Timer | undefined;
  #setFor = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    /** All that is under way; whoever adds or removes tells `begin` and `end`. */
    private readonly jobs: ReadonlySet<Job>,
    private readonly isOver: (job: Job) => void,
  ) {}

  /** A job was added; `now`: monotonic ms. */
  begin({ deadline }: Job, now: number): void {
    if (deadline < this.#setFor) this.#set(deadline, now);
  }

  /** A job was removed: with the last one the timer goes, which would keep the process alive. */
  end(): void {
    if (this.jobs.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#setFor = Number.POSITIVE_INFINITY;
  }

  #set(deadline: number, now: number): void {
    this.#timer?.cancel();
    this.#setFor = deadline;
    const delayMs = Math.min(Math.max(0, deadline - now), LONGEST_TIMER_MS);
    this.#timer = this.clock.setTimer(() => this.#look(), delayMs);
  }

  #look(): void {
    const now = this.clock.monotonic();
    this.#timer = undefined;
    this.#setFor = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const job of this.jobs)
      if (job.deadline <= now) this.isOver(job);
      else next = Math.min(next, job.deadline);
    // What began meanwhile may have set one.
    if (next < this.#setFor) this.#set(next, now);
  }
}
