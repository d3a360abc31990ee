import type { Clock } from '#libs/time';
import type { Logger } from '../logger/logger.js';

/** In this order: take nothing new, finish what was taken, let go of files and connections. */
export const SHUTDOWN_PHASES = ['stop taking', 'drain', 'close'] as const;
export type ShutdownPhase = (typeof SHUTDOWN_PHASES)[number];

export interface ShutdownOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** After this the program ends without waiting any longer. Default 20,000 ms: below the 30 s of a container's grace. */
  readonly deadlineMs?: number;
}

export interface ShutdownResult {
  /** Whether every step finished well before the deadline. */
  readonly clean: boolean;
  /** Steps that failed or did not finish. */
  readonly failed: readonly string[];
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/**
 * The way down, once: phases one after another, steps of one phase in the reverse order of their adding.
 * A step that fails is logged and does not keep the others from running: data that can still be saved is saved.
 */
export class Shutdown {
  readonly #steps: Record<ShutdownPhase, Step[]> = { 'stop taking': [], drain: [], close: [] };
  readonly #options: ShutdownOptions;
  readonly #finished: Record<string, number> = {};
  #running: Promise<ShutdownResult> | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  add(phase: ShutdownPhase, name: string, run: () => Promise<void> | void): void {
    this.#steps[phase].push({ name, run });
  }

  /** Says how much was finished on the way down. */
  tell(finished: Readonly<Record<string, number>>): void {
    Object.assign(this.#finished, finished);
  }

  /** How much was finished on the way down, by counter. */
  get finished(): Readonly<Record<string, number>> {
    return this.#finished;
  }

  /** Idempotent: every call gets the result of the one run. Never rejects. */
  run(): Promise<ShutdownResult> {
    this.#running ??= this.#run();
    return this.#running;
  }

  async #run(): Promise<ShutdownResult> {
    const { clock, log, deadlineMs = 20_000 } = this.#options;
    const failed: string[] = [];
    const open = new Set<string>();
    const deadline = new AbortController();
    const timer = clock.setTimer(() => deadline.abort(), deadlineMs);
    const over = new Promise<void>((resolve) =>
      deadline.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    const all = (async () => {
      for (const phase of SHUTDOWN_PHASES)
        for (const step of this.#steps[phase].toReversed()) {
          if (deadline.signal.aborted) return;
          open.add(step.name);
          try {
            await step.run();
          } catch (error) {
            failed.push(step.name);
            log.error('A shutdown step failed.', { phase, step: step.name, error });
          }
          open.delete(step.name);
        }
    })();
    await Promise.race([all, over]);
    timer.cancel();
    if (deadline.signal.aborted) {
      log.error('The shutdown deadline is over; unfinished steps are given up.', { deadlineMs, steps: [...open] });
      failed.push(...open);
    }
    return { clean: failed.length === 0 && !deadline.signal.aborted, failed };
  }
}
