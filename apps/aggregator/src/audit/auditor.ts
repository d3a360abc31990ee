import { EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import type { AuditStore, AuditRow } from './audit-store.js';
import type { AuditTelemetry } from './audit-telemetry.js';
import { confirmed, Findings, type Finding } from './findings.js';
import { checkLog, logChunks } from './log-check.js';

export interface AuditorOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
  /** A round goes on with the next chunk until this much time is spent, ms: the audit is paced. */
  readonly budgetMs: number;
  /** A difference is looked at again after this time, ms: most are work in progress. */
  readonly confirmAfterMs: number;
}

export const DEFAULT_AUDIT: AuditorOptions = { intervalMs: 10_000, budgetMs: 500, confirmAfterMs: 2_000 };

const HOUR_MS = 3_600_000;

/** One comparison, cut into chunks: which there are, and what one look at one of them finds. */
interface Scope {
  readonly name: string;
  readonly chunks: () => Promise<number[]>;
  readonly look: (chunk: number) => Promise<Finding>;
  /** What a chunk's number means as time, ms since 1970; undefined when it is no time. */
  readonly isTime: boolean;
}

/**
 * The continuous audit: by identity below the committed offset, by bucket below the settled end, above raw_from.
 *
 * Scopes: `log/P` (records of the log against `batches`), `raw/P` (`batches` against raw rows), and, by whoever has
 * partition 0, `rollups` (raw events against 10 s and 1 min buckets) and `rollups/1h`. New chunks come first, old ones by
 * rotation; a finding stands until its chunk is looked at again.
 */
export class Auditor {
  readonly #findings = new Map<string, Findings>();
  readonly #rounds: Rounds;

  constructor(
    private readonly log: EventLog,
    private readonly store: AggregatorStore,
    private readonly audit: AuditStore,
    private readonly assignments: Assignments,
    private readonly clock: Clock,
    private readonly telemetry: AuditTelemetry,
    private readonly logger: Logger,
    private readonly options: AuditorOptions,
  ) {
    this.#rounds = new Rounds(clock, options.intervalMs, () => this.#allScopes());
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
      const scopes = await this.#scopes();
      for (const name of this.#findings.keys())
        if (!scopes.some((scope) => scope.name === name)) this.#findings.delete(name);
      const openGaps = await this.audit.openGaps();
      const rows: AuditRow[] = [];
      for (const scope of scopes) rows.push(await this.#scope(scope, openGaps));
      await this.audit.write(rows);
      this.telemetry.round(rows, openGaps);
    } catch (error) {
      this.telemetry.failed();
      this.logger.warn('Audit round failed; the next one goes on.', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #scope(scope: Scope, openGaps: number): Promise<AuditRow> {
    const findings = this.#findings.get(scope.name) ?? new Findings();
    this.#findings.set(scope.name, findings);
    const chunks = await scope.chunks();
    findings.keep(chunks);
    const before = findings.fullRounds;
    const started = this.clock.monotonic();
    const looked: number[] = [];
    // Never a chunk twice a round, however small the whole is.
    while (
      looked.length < chunks.length &&
      this.clock.monotonic() - started < this.options.budgetMs &&
      !this.#rounds.stopped
    ) {
      const chunk = findings.next(chunks);
      if (chunk === undefined) break;
      findings.set(chunk, await this.#look(scope, chunk));
      looked.push(chunk);
    }
    const { total } = findings;
    if (total.lost > 0 || total.duplicated > 0)
      this.logger.error('The audit found a difference.', {
        scope: scope.name,
        lost: total.lost,
        duplicated: total.duplicated,
      });
    const now = this.clock.now();
    // Offsets are no times, and where there is nothing everything is checked: both stand for now.
    const [from = now, through = now] = scope.isTime ? [chunks[0], chunks.at(-1)] : [];
    return {
      time: now,
      scope: scope.name,
      checkedFrom: from,
      checkedThrough: through,
      full: findings.fullRounds > before || looked.length === chunks.length,
      finding: total,
      conflicts: 0,
      openGaps,
      detail: `${looked.length} of ${chunks.length} chunks looked at`,
    };
  }

  async #look(scope: Scope, chunk: number): Promise<Finding> {
    const first = await scope.look(chunk);
    if (first.lost === 0 && first.duplicated === 0) return first;
    await this.clock.sleep(this.options.confirmAfterMs);
    return confirmed(first, await scope.look(chunk));
  }

  async #scopes(): Promise<Scope[]> {
    const rawFrom = await this.store.rawFrom();
    const states = this.assignments.all();
    const ranges = new Map((await this.log.ranges(EVENTS_TOPIC)).map((range) => [range.partition, range]));
    const scopes = states.flatMap(({ partition, committed }): Scope[] => [
      {
        name: `log/${partition}`,
        chunks: async () => logChunks(ranges.get(partition)?.earliest ?? 0n, committed),
        look: (chunk) => checkLog(this.log, this.store, partition, chunk, committed),
        isTime: false,
      },
      {
        name: `raw/${partition}`,
        chunks: () => this.audit.acceptedMinutes(partition, rawFrom),
        look: (minute) => this.audit.rawRows(partition, minute),
        isTime: true,
      },
    ]);
    if (!states.some(({ partition }) => partition === 0)) return scopes;
    const settled = await this.store.leastSettled();
    const minutes = () => this.audit.touchedMinutes(rawFrom, settled['1m'] * 1_000);
    return [
      ...scopes,
      { name: 'rollups', chunks: minutes, look: (minute) => this.audit.minuteBuckets(minute), isTime: true },
      {
        name: 'rollups/1h',
        chunks: async () => {
          const hours = new Set((await minutes()).map((minute) => Math.floor(minute / HOUR_MS) * HOUR_MS));
          return [...hours].filter((hour) => hour + HOUR_MS <= settled['1h'] * 1_000);
        },
        look: (hour) => this.audit.hourBuckets(hour),
        isTime: true,
      },
    ];
  }
}
