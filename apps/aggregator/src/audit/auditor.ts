import { AUDIT_AHEAD_MS } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import { DAY_MS, HOUR_MS, type AuditRow, type AuditStore } from './audit-store.js';
import type { AuditTelemetry } from './audit-telemetry.js';
import { confirmed, Findings, NOTHING_FOUND, worse, type Chunk, type Finding } from './findings.js';
import { checkLog, logChunks, logSlices } from './log-check.js';

export interface AuditorOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
  /** All scopes of a round go on with their next chunks until this much time is spent, ms: the audit is paced. */
  readonly budgetMs: number;
  /** A difference is looked at again after this time, ms: most are work in progress. */
  readonly confirmAfterMs: number;
}

export const DEFAULT_AUDIT: AuditorOptions = { intervalMs: 10_000, budgetMs: 500, confirmAfterMs: 2_000 };

/** What is asked for in every round and grows with the data takes at most one part in this many of the time. */
const SHARE = 20;

/** Between two inserts of one round, ms. */
const WRITE_EVERY_MS = 1_000;

/** Events may be dated ahead of their accept time by this much, and so outlive the day of their acceptance. */
const MAX_AHEAD_MS = DAY_MS;

/** One comparison, cut into slices and those into chunks: which there are, and what one look at a chunk finds. */
interface Scope {
  readonly name: string;
  /** All there are, ascending. */
  readonly slices: readonly number[];
  /** Chunks of slices in a row, ascending. */
  readonly list: (slices: readonly number[]) => Promise<readonly Chunk[]> | readonly Chunk[];
  /** `through` is how far the chunk reaches as time, where its number does not say so. */
  readonly look: (chunk: Chunk) => Promise<{ readonly finding: Finding; readonly through?: number }>;
  /** Whether slices and chunks are numbered by ms since 1970. */
  readonly isTime: boolean;
  /** ms since 1970 through which all is checked when every chunk is; undefined: as far as the newest chunk goes. */
  readonly end: number | undefined;
}

interface Known {
  readonly findings: Findings;
  /** What the scope's last row said when this aggregator began with it. It stands until all was looked at again. */
  readonly before: Finding;
  /** Monotonic ms from which the newest slices may be listed again. */
  listAt: number;
}

/**
 * The continuous audit: by identity below the committed offset, by bucket below the settled end, above raw_from.
 *
 * Scopes: `log/P` (records of the log against `batches` and the dead letters), `raw/P` (`batches` against raw rows), and,
 * by whoever has partition 0, `rollups` (raw events against 10 s and 1 min buckets) and `rollups/1h`. What is new or has
 * grown comes first, the rest by rotation; a finding stands until its chunk is looked at again, also over
 * restarts and changes of owner. A round's work has one budget, which the scopes share: what one leaves is for those
 * behind it. Each does at least one step, so that none stands still.
 */
export class Auditor {
  readonly #known = new Map<string, Known>();
  readonly #rounds: Rounds;
  #gaps = 0;
  #gapsAt = -Infinity;
  /** What the scope at work has waited between two looks, ms: that costs nothing. */
  #sleptMs = 0;

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
      for (const name of this.#known.keys())
        if (!scopes.some((scope) => scope.name === name)) {
          this.#known.delete(name);
          this.telemetry.forget(name);
        }
      await this.#countGaps();
      await this.#inTurn(scopes);
      this.telemetry.finished();
    } catch (error) {
      this.#failed(error);
    }
  }

  async #inTurn(scopes: readonly Scope[]): Promise<void> {
    let leftMs = this.options.budgetMs;
    let waiting: AuditRow[] = [];
    let writtenAt = this.clock.monotonic();
    for (const [index, scope] of scopes.entries()) {
      const started = this.clock.monotonic();
      this.#sleptMs = 0;
      try {
        const row = await this.#scope(scope, Math.max(0, leftMs) / (scopes.length - index));
        if (row !== undefined) waiting.push(row);
      } catch (error) {
        // One that fails must not keep the others from being looked at.
        this.#failed(error);
      }
      leftMs -= this.clock.monotonic() - started - this.#sleptMs;
      // Each row soon after it is known, but not each with an insert of its own: there may be hundreds.
      if (index < scopes.length - 1 && this.clock.monotonic() - writtenAt < WRITE_EVERY_MS) continue;
      await this.audit.write(waiting);
      for (const row of waiting) this.telemetry.scope(row);
      waiting = [];
      writtenAt = this.clock.monotonic();
    }
  }

  #failed(error: unknown): void {
    this.telemetry.failed();
    this.logger.warn('Audit round failed; the next one goes on.', {
      reason: reasonOf(error),
    });
  }

  async #countGaps(): Promise<void> {
    const started = this.clock.monotonic();
    if (started < this.#gapsAt) return;
    this.#gaps = await this.audit.openGaps(this.clock.now());
    this.#gapsAt = started + (this.clock.monotonic() - started) * SHARE;
    this.telemetry.openGaps(this.#gaps);
  }

  async #begun(name: string): Promise<Known> {
    const before = await this.audit.lastFinding(name, this.clock.now());
    const known = { findings: new Findings(), before: before ?? NOTHING_FOUND, listAt: -Infinity };
    this.#known.set(name, known);
    return known;
  }

  /** One scope's share of a round. @returns its row; none when it was stopped. @throws what every look threw. */
  async #scope(scope: Scope, shareMs: number): Promise<AuditRow | undefined> {
    const known = this.#known.get(scope.name) ?? (await this.#begun(scope.name));
    const { findings } = known;
    const before = findings.fullRounds;
    const now = this.clock.now();
    const started = this.clock.monotonic();
    const listEdge = started >= known.listAt;
    findings.begin(scope.slices, listEdge);
    let looked = 0;
    const failures: { at: number; error: unknown }[] = [];
    for (let first = listEdge; ; first = false) {
      if (this.#rounds.stopped) return undefined;
      const step = findings.next();
      if (step === undefined) break;
      if (step.kind === 'list') {
        findings.listed(step.slices, await scope.list(step.slices));
        if (first) known.listAt = started + (this.clock.monotonic() - started) * SHARE;
      } else {
        try {
          const { finding, through } = await this.#look(scope, step.chunk);
          findings.looked(step.chunk, finding, through);
          looked++;
        } catch (error) {
          findings.failed(step.chunk);
          failures.push({ at: step.chunk.at, error });
        }
      }
      // Listing the newest alone would not get anywhere.
      if (!first && this.clock.monotonic() - started >= shareMs) break;
    }
    const [failure] = failures;
    if (failure !== undefined) {
      if (looked === 0) throw failure.error;
      this.telemetry.failed();
      this.logger.warn('The audit could not look at a part of a scope; it tries again when it comes by.', {
        scope: scope.name,
        failed: failures.length,
        first: failure.at,
        reason: reasonOf(failure.error),
      });
    }
    const { firstMissing, newestThrough } = findings;
    // What was found before and was not looked at since is not gone: a new owner knows only what it has reached.
    const total = findings.fullRounds === 0 ? worse(known.before, findings.total) : findings.total;
    if (total.lost > 0 || total.duplicated > 0)
      this.logger.error('The audit found a difference.', {
        scope: scope.name,
        lost: total.lost,
        duplicated: total.duplicated,
      });
    const checkedThrough =
      firstMissing === undefined ? (scope.end ?? newestThrough) : scope.isTime ? firstMissing.at : firstMissing.through;
    return {
      time: now,
      scope: scope.name,
      // Offsets are no times: what is older than its oldest record stands for the log.
      checkedFrom: Math.min((scope.isTime ? scope.slices[0] : undefined) ?? checkedThrough, checkedThrough),
      checkedThrough,
      full: findings.fullRounds > before,
      finding: total,
      openGaps: this.#gaps,
      detail: `${looked} chunks looked at, ${failures.length} failed`,
    };
  }

  async #look(scope: Scope, chunk: Chunk): Promise<{ finding: Finding; through: number | undefined }> {
    const first = await scope.look(chunk);
    const { finding, through } = first;
    if (finding.lost === 0 && finding.duplicated === 0) return { finding, through };
    const asleep = this.clock.monotonic();
    await this.clock.sleep(this.options.confirmAfterMs);
    this.#sleptMs += this.clock.monotonic() - asleep;
    return { finding: confirmed(finding, (await scope.look(chunk)).finding), through };
  }

  async #scopes(): Promise<Scope[]> {
    const now = this.clock.now();
    const rawFrom = await this.store.rawFrom();
    const states = this.assignments.all();
    // A day that has not come, of a clock that was wrong, would be the newest, and today none that may grow.
    const acceptedDays = (await this.audit.acceptedDays()).filter(
      (day) => day >= rawFrom - MAX_AHEAD_MS && day <= now + AUDIT_AHEAD_MS,
    );
    const ranges = new Map((await this.log.ranges(EVENTS_TOPIC)).map((range) => [range.partition, range]));
    const scopes = states.flatMap(({ partition, committed }): Scope[] => {
      const { earliest, next } = ranges.get(partition) ?? { earliest: 0n, next: 0n };
      // What is not committed yet is not checked either.
      const end = committed >= next ? now : undefined;
      return [
        {
          name: `log/${partition}`,
          slices: logSlices(earliest, committed),
          list: (slices) => logChunks(slices, earliest, committed),
          look: (chunk) => checkLog(this.log, this.store, this.audit, partition, chunk, now),
          isTime: false,
          end,
        },
        {
          name: `raw/${partition}`,
          slices: acceptedDays,
          list: (days) => this.audit.acceptedMinutes(partition, ...spanOf(days, DAY_MS), rawFrom),
          look: async ({ at }) => ({ finding: await this.audit.rawRows(partition, at, rawFrom) }),
          isTime: true,
          end,
        },
      ];
    });
    if (!states.some(({ partition }) => partition === 0)) return scopes;
    const settled = await this.store.leastSettled();
    const [minutesEnd, hoursEnd] = [settled['1m'] * 1_000, settled['1h'] * 1_000];
    const hours = hoursOf(await this.audit.bucketDays(), rawFrom, minutesEnd);
    return [
      ...scopes,
      {
        name: 'rollups',
        slices: hours,
        list: (some) => this.audit.bucketMinutes(...spanOf(some, HOUR_MS, minutesEnd)),
        look: async ({ at }) => ({ finding: await this.audit.minuteBuckets(at) }),
        isTime: true,
        end: minutesEnd,
      },
      {
        name: 'rollups/1h',
        slices: daysOf(hours.filter((hour) => hour < hoursEnd)),
        list: (days) => this.audit.bucketHours(...spanOf(days, DAY_MS, hoursEnd, rawFrom)),
        look: async ({ at }) => ({ finding: await this.audit.hourBuckets(at) }),
        isTime: true,
        end: hoursEnd,
      },
    ];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Hours of days. A bucket is stamped with its end: the last one of a day stands with the next day's. */
function hoursOf(days: readonly number[], from: number, to: number): number[] {
  const hours = new Set<number>();
  for (const day of days)
    for (let hour = Math.max(day - HOUR_MS, from); hour < Math.min(day + DAY_MS, to); hour += HOUR_MS) hours.add(hour);
  return [...hours].sort((a, b) => a - b);
}

function daysOf(hours: readonly number[]): number[] {
  return [...new Set(hours.map((hour) => hour - (hour % DAY_MS)))];
}

/** From the start of the first slice to the end of the last. */
function spanOf(slices: readonly number[], widthMs: number, end = Infinity, start = -Infinity): [number, number] {
  return [Math.max(slices[0] ?? 0, start), Math.min((slices.at(-1) ?? 0) + widthMs, end)];
}
