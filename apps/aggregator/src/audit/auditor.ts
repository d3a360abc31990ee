import type { EventLog } from '#libs/event-log';
import type { Logger } from '#libs/operations';
import { pauseAfter, type Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import type { AuditStore } from './audit-store.js';
import type { AuditTelemetry } from './audit-telemetry.js';
import { reasonOf, ScopeAudit, type ScopeAuditOptions } from './scope-audit.js';
import { AuditScopes } from './scopes.js';

export interface AuditorOptions extends ScopeAuditOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
}

export const DEFAULT_AUDIT: AuditorOptions = { intervalMs: 10_000, budgetMs: 500, confirmAfterMs: 2_000 };

/** The continuous audit: by identity below the committed offset, by bucket below the settled end, above raw_from. */
export class Auditor {
  readonly #rounds: Rounds;
  readonly #scopes: AuditScopes;
  readonly #looks: ScopeAudit;
  #gaps = 0;
  #gapsAt = -Infinity;

  constructor(
    log: EventLog,
    store: AggregatorStore,
    private readonly audit: AuditStore,
    assignments: Assignments,
    private readonly clock: Clock,
    private readonly telemetry: AuditTelemetry,
    private readonly logger: Logger,
    options: AuditorOptions,
  ) {
    this.#rounds = new Rounds(clock, options.intervalMs, () => this.#allScopes());
    this.#scopes = new AuditScopes(log, store, audit, assignments, clock);
    this.#looks = new ScopeAudit(audit, clock, telemetry, logger, () => this.#rounds.stopped, options);
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One round over all scopes. Concurrent callers share it. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  async #allScopes(): Promise<void> {
    try {
      const scopes = await this.#scopes.now();
      this.#looks.keep(scopes);
      await this.#countGaps();
      await this.#looks.look(scopes, this.#gaps);
      this.telemetry.finished();
    } catch (error) {
      this.telemetry.failed();
      this.logger.warn('Audit round failed; the next one goes on.', { reason: reasonOf(error) });
    }
  }

  async #countGaps(): Promise<void> {
    const started = this.clock.monotonic();
    if (started < this.#gapsAt) return;
    this.#gaps = await this.audit.openGaps(this.clock.now());
    this.#gapsAt = started + pauseAfter(this.clock.monotonic() - started);
    this.telemetry.openGaps(this.#gaps);
  }
}
