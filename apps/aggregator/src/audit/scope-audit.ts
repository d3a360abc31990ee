import type { Logger } from '#libs/operations';
import { pauseAfter, type Clock } from '#libs/time';
import type { AuditRow, AuditStore } from './audit-store.js';
import type { AuditTelemetry } from './audit-telemetry.js';
import { confirmed, Findings, NOTHING_FOUND, worse, type Chunk, type Finding } from './findings.js';
import type { Scope } from './scopes.js';

export interface ScopeAuditOptions {
  /** All scopes of a round go on with their next chunks until this much time is spent, ms: the audit is paced. */
  readonly budgetMs: number;
  /** A difference is looked at again after this time, ms: most are work in progress. */
  readonly confirmAfterMs: number;
}

/** Between two inserts of one round, ms. */
const WRITE_EVERY_MS = 1_000;

interface Known {
  readonly findings: Findings;
  /** What the scope's last row said when this aggregator began with it. It stands until all was looked at again. */
  readonly before: Finding;
  /** Monotonic ms from which the newest slices may be listed again. */
  listAt: number;
}

/** A slice that could not be listed, a chunk that could not be looked at, or the scope itself. */
interface Failure {
  readonly at?: number;
  readonly error: unknown;
}

/**
 * Looks at scopes in turn and writes down what each shows. What is new or has grown comes first, the rest by rotation; a
 * finding stands until its chunk is looked at again, also over restarts and changes of owner. A round's work has one
 * budget, which the scopes share: what one leaves is for those behind it. Each does at least one step, so that none
 * stands still.
 *
 * A scope of which nothing could be looked at, or whose newest part could not, gets no row that says that all is well:
 * its last one grows old, and that is watched.
 */
export class ScopeAudit {
  readonly #known = new Map<string, Known>();
  /** What the scope at work has waited between two looks, ms: that costs nothing. */
  #sleptMs = 0;

  constructor(
    private readonly rows: Pick<AuditStore, 'lastFinding' | 'write'>,
    private readonly clock: Clock,
    private readonly telemetry: AuditTelemetry,
    private readonly logger: Logger,
    /** Whether a round should end early. */
    private readonly isStopped: () => boolean,
    private readonly options: ScopeAuditOptions,
  ) {}

  /** Forgets the scopes that are not among these: they are somebody else's now. */
  keep(scopes: readonly Scope[]): void {
    for (const name of this.#known.keys())
      if (!scopes.some((scope) => scope.name === name)) {
        this.#known.delete(name);
        this.telemetry.forget(name);
      }
  }

  /** One round over scopes. @param openGaps goes into every row. @throws what writing a row throws. */
  async look(scopes: readonly Scope[], openGaps: number): Promise<void> {
    let leftMs = this.options.budgetMs;
    let waiting: AuditRow[] = [];
    let writtenAt = this.clock.monotonic();
    for (const [index, scope] of scopes.entries()) {
      const started = this.clock.monotonic();
      this.#sleptMs = 0;
      try {
        const row = await this.#scope(scope, Math.max(0, leftMs) / (scopes.length - index), openGaps);
        if (row !== undefined) waiting.push(row);
      } catch (error) {
        // One that fails must not keep the others from being looked at.
        this.#tell(scope, [{ error }]);
      }
      leftMs -= this.clock.monotonic() - started - this.#sleptMs;
      // Each row soon after it is known, but not each with an insert of its own: there may be hundreds.
      if (index < scopes.length - 1 && this.clock.monotonic() - writtenAt < WRITE_EVERY_MS) continue;
      await this.rows.write(waiting);
      for (const row of waiting) this.telemetry.scope(row);
      waiting = [];
      writtenAt = this.clock.monotonic();
    }
  }

  async #begun(name: string): Promise<Known> {
    const before = await this.rows.lastFinding(name, this.clock.now());
    const known = { findings: new Findings(), before: before ?? NOTHING_FOUND, listAt: -Infinity };
    this.#known.set(name, known);
    return known;
  }

  /** One scope's share of a round. @returns its row; none when it was stopped, or has nothing to say. */
  async #scope(scope: Scope, shareMs: number, openGaps: number): Promise<AuditRow | undefined> {
    const known = this.#known.get(scope.name) ?? (await this.#begun(scope.name));
    const { findings } = known;
    const before = findings.fullRounds;
    const now = this.clock.now();
    const started = this.clock.monotonic();
    const listEdge = started >= known.listAt;
    findings.begin(scope.slices, listEdge);
    let looked = 0;
    const failures: Failure[] = [];
    for (let first = listEdge; ; first = false) {
      if (this.isStopped()) return undefined;
      const step = findings.next();
      if (step === undefined) break;
      if (step.kind === 'list') {
        try {
          findings.listed(step.slices, await scope.list(step.slices));
        } catch (error) {
          findings.unlisted(step.slices);
          failures.push({ at: step.slices[0]!, error });
        }
        if (first) known.listAt = started + pauseAfter(this.clock.monotonic() - started);
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
    this.#tell(scope, failures);
    if (looked === 0 && failures.length > 0) return undefined;
    // What was found before and was not looked at since is not gone: a new owner knows only what it has reached.
    const total = findings.fullRounds === 0 ? worse(known.before, findings.total) : findings.total;
    const isWrong = total.lost > 0 || total.duplicated > 0;
    if (isWrong)
      this.logger.error('The audit found a difference.', {
        scope: scope.name,
        lost: total.lost,
        duplicated: total.duplicated,
      });
    else if (findings.newestUnlisted) return undefined;
    const { firstMissing, newestThrough } = findings;
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
      openGaps,
      detail: `${looked} chunks looked at, ${failures.length} failed`,
    };
  }

  #tell({ name }: Scope, [first, ...others]: readonly Failure[]): void {
    if (first === undefined) return;
    this.telemetry.failed();
    this.logger.warn('The audit could not look at a part of a scope; it tries again when it comes by.', {
      scope: name,
      failed: others.length + 1,
      first: first.at,
      reason: reasonOf(first.error),
    });
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
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
