import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../support/processes.js';
import { built } from './built.js';
import type { ChildPlan, ChildSays } from './children/plan.js';

/** How long a child may take to reach the point where it kills itself, ms. */
const LIMIT_MS = 30_000;

/** A process that aggregates once it has its plan. Until then it loads: one made ahead begins at once. */
export class AggregatorProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<readonly [number | null, NodeJS.Signals | null]>;
  readonly #told: ChildSays[] = [];
  #said = '';

  constructor() {
    this.#child = fork(built('test/faults/children/aggregates.js'), [], { execArgv: [], silent: true });
    this.#exit = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.#child.on('message', (message) => this.#told.push(message as ChildSays));
    this.#child.stderr!.on('data', (part: Buffer) => (this.#said += part.toString()));
    this.#child.stdout!.resume();
  }

  aggregate(plan: ChildPlan): void {
    this.#child.send(plan);
  }

  /** Resolves when it consumes. */
  async consuming(): Promise<void> {
    await this.told('consuming');
  }

  /** Resolves with what it says first of this kind. @throws Error when it ends, or never says it. */
  async told<Said extends ChildSays['said']>(said: Said): Promise<Extract<ChildSays, { said: Said }>> {
    const find = () => this.#told.find((one) => one.said === said) as Extract<ChildSays, { said: Said }> | undefined;
    await until(
      () => {
        if (find() === undefined && this.#hasEnded) throw new Error(`It ended before it was ${said}: ${this.#said}`);
        return find() !== undefined;
      },
      LIMIT_MS,
      () => `an aggregator is ${said}: ${this.#said}`,
    );
    return find()!;
  }

  /** Goes on after it suspended itself. */
  wake(): void {
    this.#child.kill('SIGCONT');
  }

  /** Resolves when it has killed itself. @throws Error when it ends otherwise, or never reaches that point. */
  async killedItself(): Promise<void> {
    const guard = setTimeout(() => this.#child.kill('SIGTERM'), LIMIT_MS);
    const [code, signal] = await this.#exit;
    clearTimeout(guard);
    if (signal !== 'SIGKILL')
      throw new Error(`The aggregator did not reach its kill point (${signal ?? `exit code ${code}`}): ${this.#said}`);
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async kill9(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}
