import type { Logger } from '#libs/operations';
import { HOUR_MS, pauseAfter, type Clock } from '#libs/time';
import type { AuditRow, AuditStore } from './audit-store.js';
import type { AuditTelemetry } from './audit-telemetry.js';
import { confirmed, Findings, NOTHING_FOUND, worse, type Chunk, type Finding } from './findings.js';
import type { Scope } from './scopes.js';

export interface ScopeAuditOptions {
  /** All scopes of a round go on with their next chunks until this much time is spent, ms: the audit is paced. */
  readonly budgetMs: number;
  /** Differences are looked at again after this time, ms, all those of a round at once: most are work in progress. */
  readonly confirmAfterMs: number;
}

/** Between two inserts of one round, ms. */
const WRITE_EVERY_MS = 1_000;

/** A difference that stands is told again after this time, ms. */
const TELL_AGAIN_MS = HOUR_MS;

interface Known {
  readonly findings: Findings;
  /** What the scope's last row said when this aggregator began with it. It stands until all was looked at again. */
  readonly before: Finding;
  /** Monotonic ms from which the newest slices may be listed again. */
  listAt: number;
  /** The difference that was told last, and when, monotonic ms; undefined when it was told that there is none. */
  told: (Pick<Finding, 'lost' | 'duplicated'> & { readonly at: number }) | undefined;
}

/** What one round made of a scope so far. */
interface Work {
  readonly scope: Scope;
  readonly known: Known;
  /** When it began, ms since 1970. */
  readonly time: number;
  readonly fullRoundsBefore: number;
  looked: number;
  readonly failures: Failure[];
  readonly doubts: Doubt[];
  /** What the second looks will take, by what the first took, ms. */
  owedMs: number;
}

/** A chunk in which a first look found a difference. */
interface Doubt {
  readonly chunk: Chunk;
  readonly first: Finding;
  readonly through: number | undefined;
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
    const write = async () => {
      await this.rows.write(waiting);
      for (const row of waiting) this.telemetry.scope(row);
      waiting = [];
      writtenAt = this.clock.monotonic();
    };
    const finish = (work: Work) => {
      const row = this.#row(work, openGaps);
      if (row !== undefined) waiting.push(row);
    };
    const inDoubt: Work[] = [];
    for (const [index, scope] of scopes.entries()) {
      const started = this.clock.monotonic();
      try {
        const work = await this.#goOn(scope, Math.max(0, leftMs) / (scopes.length - index));
        if (work === undefined) continue;
        leftMs -= work.owedMs;
        if (work.doubts.length > 0) inDoubt.push(work);
        else finish(work);
      } catch (error) {
        // One that fails must not keep the others from being looked at.
        this.#tell(scope, [{ error }]);
      } finally {
        leftMs -= this.clock.monotonic() - started;
      }
      // Each row soon after it is known, but not each with an insert of its own: there may be hundreds.
      if (this.clock.monotonic() - writtenAt >= WRITE_EVERY_MS) await write();
    }
    await write();
    if (inDoubt.length === 0) return;
    // One wait for all of them: it costs nothing, but time.
    await this.clock.sleep(this.options.confirmAfterMs);
    for (const work of inDoubt) {
      if (this.isStopped()) return;
      await this.#lookAgain(work);
      finish(work);
    }
    await write();
  }

  async #begun(name: string): Promise<Known> {
    const before = await this.rows.lastFinding(name, this.clock.now());
    const known: Known = {
      findings: new Findings(),
      before: before ?? NOTHING_FOUND,
      listAt: -Infinity,
      told: undefined,
    };
    this.#known.set(name, known);
    return known;
  }

  /** One scope's share of a round, but for the second looks. @returns undefined when it was stopped. */
  async #goOn(scope: Scope, shareMs: number): Promise<Work | undefined> {
    const known = this.#known.get(scope.name) ?? (await this.#begun(scope.name));
    const { findings } = known;
    const time = this.clock.now();
    const work: Work = {
      scope,
      known,
      time,
      fullRoundsBefore: findings.fullRounds,
      looked: 0,
      failures: [],
      doubts: [],
      owedMs: 0,
    };
    const started = this.clock.monotonic();
    const listEdge = started >= known.listAt;
    findings.begin(scope.slices, listEdge);
    for (let first = listEdge; ; first = false) {
      if (this.isStopped()) return undefined;
      const step = findings.next();
      if (step === undefined) break;
      if (step.kind === 'list') {
        try {
          findings.listed(step.slices, await scope.list(step.slices));
        } catch (error) {
          findings.unlisted(step.slices);
          work.failures.push({ at: step.slices[0]!, error });
        }
        if (first) known.listAt = started + pauseAfter(this.clock.monotonic() - started);
      } else {
        const lookedAt = this.clock.monotonic();
        await this.#tryChunk(work, step.chunk, async () => {
          const { finding, through } = await scope.look(step.chunk);
          if (finding.lost === 0 && finding.duplicated === 0) return { finding, through };
          work.doubts.push({ chunk: step.chunk, first: finding, through });
          work.owedMs += this.clock.monotonic() - lookedAt;
          return undefined;
        });
      }
      // Listing the newest alone would not get anywhere.
      if (!first && this.clock.monotonic() - started + work.owedMs >= shareMs) break;
    }
    return work;
  }

  /** The second looks of a scope, some time after the first. */
  async #lookAgain(work: Work): Promise<void> {
    for (const { chunk, first, through } of work.doubts) {
      if (this.isStopped()) return;
      await this.#tryChunk(work, chunk, async () => ({
        finding: confirmed(first, (await work.scope.look(chunk)).finding),
        through,
      }));
    }
  }

  /** @param look undefined when its chunk must be looked at again. */
  async #tryChunk(
    work: Work,
    chunk: Chunk,
    look: () => Promise<{ finding: Finding; through: number | undefined } | undefined>,
  ): Promise<void> {
    const { findings } = work.known;
    try {
      const result = await look();
      if (result === undefined) findings.doubted(chunk);
      else {
        findings.looked(chunk, result.finding, result.through);
        work.looked++;
      }
    } catch (error) {
      findings.failed(chunk);
      work.failures.push({ at: chunk.at, error });
    }
  }

  /** What a round has shown of a scope; undefined when it has nothing to say. */
  #row({ scope, known, time, fullRoundsBefore, looked, failures }: Work, openGaps: number): AuditRow | undefined {
    const { findings } = known;
    this.#tell(scope, failures);
    if (looked === 0 && failures.length > 0) return undefined;
    // What was found before and was not looked at since is not gone: a new owner knows only what it has reached.
    const total = findings.fullRounds === 0 ? worse(known.before, findings.total) : findings.total;
    this.#tellDifference(scope, known, total);
    if (known.told === undefined && findings.newestUnlisted) return undefined;
    const { firstMissing, newestThrough } = findings;
    const checkedThrough =
      firstMissing === undefined ? (scope.end ?? newestThrough) : scope.isTime ? firstMissing.at : firstMissing.through;
    return {
      time,
      scope: scope.name,
      // Offsets are no times: what is older than its oldest record stands for the log.
      checkedFrom: Math.min((scope.isTime ? scope.slices[0] : undefined) ?? checkedThrough, checkedThrough),
      checkedThrough,
      full: findings.fullRounds > fullRoundsBefore,
      finding: total,
      openGaps,
      detail: `chunks looked at: ${looked}, failed: ${failures.length}`,
    };
  }

  /** Tells a difference when it appears, changes or ends, and now and then while it stands. */
  #tellDifference({ name }: Scope, known: Known, { lost, duplicated }: Finding): void {
    const { told } = known;
    const at = this.clock.monotonic();
    if (lost === 0 && duplicated === 0) {
      known.told = undefined;
      if (told !== undefined)
        this.logger.info('The difference that the audit had found is gone.', {
          scope: name,
          lost: told.lost,
          duplicated: told.duplicated,
        });
      return;
    }
    if (told?.lost === lost && told.duplicated === duplicated && at - told.at < TELL_AGAIN_MS) return;
    known.told = { lost, duplicated, at };
    this.logger.error('The audit found a difference.', { scope: name, lost, duplicated });
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
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
