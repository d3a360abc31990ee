import type { Clock } from '#libs/time';
import type { KillPoint, Step } from '../kill-plan.js';

/** Ends this process with SIGKILL, or holds it still, at one point. */
export class KillSwitch {
  readonly #seen = new Map<Step, number>();

  constructor(
    private readonly point: KillPoint | undefined,
    private readonly clock: Clock,
    /** What happens at the point. A write that is still to come goes on when it resolves. */
    private readonly act: () => Promise<void>,
  ) {}

  async around(step: Step, write: () => Promise<void>): Promise<void> {
    const nth = (this.#seen.get(step) ?? 0) + 1;
    this.#seen.set(step, nth);
    const { point } = this;
    if (point === undefined || point.step !== step || point.nth !== nth) return write();
    if (point.moment === 'before') {
      await this.act();
      return write();
    }
    const written = write();
    if (point.moment === 'during') {
      written.catch(() => undefined);
      // Whoever waits for this write never hears of it, also when it is done before the delay is over.
      await this.clock.sleep(point.delayMs);
      return this.act();
    }
    await written;
    return this.act();
  }
}

/** No handler runs, nothing is flushed. */
export function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment: nothing of this call gets out meanwhile.
  return new Promise(() => undefined);
}
