import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { built } from './built.js';
import type { ChildPlan } from './children/plan.js';

/** How long a child may take to reach the point where it kills itself, ms. */
const LIMIT_MS = 30_000;

/** A process that aggregates. */
export class AggregatorProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<readonly [number | null, NodeJS.Signals | null]>;
  #said = '';

  constructor(plan: ChildPlan) {
    this.#child = fork(built('test/faults/children/aggregates.js'), [JSON.stringify(plan)], {
      execArgv: [],
      silent: true,
    });
    this.#exit = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#child.stderr!.on('data', (part: Buffer) => (this.#said += part.toString()));
    this.#child.stdout!.resume();
  }

  /** Resolves when it consumes. */
  async consuming(): Promise<void> {
    const ended = this.#exit.then(() => {
      throw new Error(`The aggregator ended before it consumed: ${this.#said}`);
    });
    await Promise.race([once(this.#child, 'message'), ended]);
    ended.catch(() => undefined);
  }

  /** Resolves when it has killed itself. @throws Error when it ends otherwise, or never reaches that point. */
  async killedItself(): Promise<void> {
    const guard = setTimeout(() => this.#child.kill('SIGTERM'), LIMIT_MS);
    const [code, signal] = await this.#exit;
    clearTimeout(guard);
    if (signal !== 'SIGKILL')
      throw new Error(`The aggregator did not reach its kill point (${signal ?? `exit code ${code}`}): ${this.#said}`);
  }

  async kill9(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
