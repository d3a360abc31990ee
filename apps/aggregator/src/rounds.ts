import type { Clock, Timer } from '#libs/time';

/** Does the same work again and again, with a pause after each round, and never two rounds at once. */
export class Rounds {
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  /** @param round Tells of its own failures and never rejects: the next round comes all the same. */
  constructor(
    private readonly clock: Clock,
    /** Between the end of a round and the start of the next, ms. */
    private readonly pauseMs: number,
    private readonly round: () => Promise<void>,
  ) {}

  /** The first round comes after a pause. */
  start(): void {
    this.#stopped = false;
    this.#schedule();
  }

  /** Starts no other round by itself, and lets the one that runs end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** One round, now. Concurrent callers share it. */
  run(): Promise<void> {
    return (this.#running ??= this.round().finally(() => (this.#running = undefined)));
  }

  /** A long round looks here whether it should end early. */
  get stopped(): boolean {
    return this.#stopped;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.clock.setTimer(() => {
      void this.run().then(() => this.#schedule());
    }, this.pauseMs);
  }
}
