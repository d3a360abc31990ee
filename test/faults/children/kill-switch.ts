import type { Clock } from '#libs/time';
import type { KillPoint, Step } from '../kill-plan.js';

/** Ends this process with SIGKILL at one point: no handler runs, nothing is flushed. */
export class KillSwitch {
  readonly #seen = new Map<Step, number>();

  constructor(
    private readonly point: KillPoint | undefined,
    private readonly clock: Clock,
  ) {}

  async around(step: Step, write: () => Promise<void>): Promise<void> {
    const nth = (this.#seen.get(step) ?? 0) + 1;
    this.#seen.set(step, nth);
    const { point } = this;
    if (point === undefined || point.step !== step || point.nth !== nth) return write();
    if (point.moment === 'before') return die();
    const written = write();
    if (point.moment === 'during') {
      written.catch(() => undefined);
      // Whoever waits for this write never hears of it, also when it is done before the delay is over.
      await this.clock.sleep(point.delayMs);
      return die();
    }
    await written;
    return die();
  }
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment: nothing of this call gets out meanwhile.
  return new Promise(() => undefined);
}
