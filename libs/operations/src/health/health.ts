import type { Clock } from '#libs/time';

/** Asks one dependency. Resolves with a detail in words when it works, rejects with what is wrong. */
export type HealthCheck = (signal: AbortSignal) => Promise<string>;

export interface CheckResult {
  readonly ok: boolean;
  /** In words: what was found, or what is wrong and what to do. */
  readonly detail: string;
  readonly latencyMs: number;
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready';
  /** Each dependency by name. */
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface HealthOptions {
  readonly clock: Clock;
  /** A check that takes longer has failed. Default 2,000 ms. */
  readonly timeoutMs?: number;
}

/**
 * Whether this app can do its work. Apps add a check per dependency while they start; callers at the same time share
 * one round of checks. Also the DI token.
 */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #phase: 'starting' | 'running' | 'stopping' = 'starting';
  #round: Promise<Readiness> | undefined;

  constructor(options: HealthOptions) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? 2_000;
  }

  /**
   * A name that is taken keeps the check it has: apps in one process share their dependencies.
   * @returns a function that takes the check away again.
   */
  add(name: string, check: HealthCheck): () => void {
    if (this.#checks.has(name)) return () => undefined;
    this.#checks.set(name, check);
    return () => void this.#checks.delete(name);
  }

  /** Everything is up: from here on readiness depends on the checks alone. */
  started(): void {
    if (this.#phase === 'starting') this.#phase = 'running';
  }

  /** Not ready from now on, so that load balancers send no more. */
  stopping(): void {
    this.#phase = 'stopping';
  }

  /** Never rejects. */
  readiness(): Promise<Readiness> {
    this.#round ??= this.#check().finally(() => (this.#round = undefined));
    return this.#round;
  }

  async #check(): Promise<Readiness> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await this.#ask(check)] as const),
    );
    const checks: Record<string, CheckResult> = Object.fromEntries(results);
    if (this.#phase !== 'running')
      checks['app'] = { ok: false, detail: this.#phase === 'starting' ? 'Starting.' : 'Stopping.', latencyMs: 0 };
    return { status: Object.values(checks).every(({ ok }) => ok) ? 'ready' : 'not_ready', checks };
  }

  async #ask(check: HealthCheck): Promise<CheckResult> {
    const started = this.#clock.monotonic();
    const latency = () => Math.round((this.#clock.monotonic() - started) * 10) / 10;
    const timeout = new AbortController();
    const late = new Promise<never>((_, reject) => {
      timeout.signal.addEventListener('abort', () => reject(timeout.signal.reason as Error), { once: true });
    });
    const timer = this.#clock.setTimer(
      () => timeout.abort(new Error(`No answer within ${this.#timeoutMs} ms.`)),
      this.#timeoutMs,
    );
    try {
      const detail = await Promise.race([check(timeout.signal), late]);
      return { ok: true, detail, latencyMs: latency() };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error), latencyMs: latency() };
    } finally {
      timer.cancel();
    }
  }
}
