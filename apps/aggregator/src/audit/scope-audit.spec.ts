import { describe, expect, it } from '@jest/globals';
import { Metrics } from '#libs/operations';
import { RecordingLogger } from '#libs/operations/testing';
import { FakeClock } from '#libs/time/testing';
import type { AuditRow } from './audit-store.js';
import { AuditTelemetry } from './audit-telemetry.js';
import { NOTHING_FOUND, type Finding } from './findings.js';
import { ScopeAudit } from './scope-audit.js';
import type { Scope } from './scopes.js';

const SLICE = 10;
const CONFIRM_MS = 50;

/** An audit whose listings take 1 ms and whose looks take 10. */
function setUp({ budgetMs = Infinity }: { budgetMs?: number } = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const written: AuditRow[] = [];
  const metrics = new Metrics();
  const audit = new ScopeAudit(
    { lastFinding: async () => undefined, write: async (rows) => void written.push(...rows) },
    clock,
    new AuditTelemetry(metrics),
    logger,
    () => false,
    { budgetMs, confirmAfterMs: CONFIRM_MS },
  );
  /** One round over scopes. @returns the rows that it wrote. */
  const round = async (...scopes: Scope[]): Promise<AuditRow[]> => {
    const before = written.length;
    const ending = audit.look(scopes, 0).then(() => true);
    const moved = () => clock.advance(1).then(() => false);
    for (let isOver = false; !isOver;) isOver = await Promise.race([ending, moved()]);
    return written.slice(before);
  };
  return { clock, logger, metrics, round };
}

/** A scope of chunks, one event each, in slices that are ten wide. */
class Chunks implements Scope {
  readonly isTime = true;
  readonly end = 1_000;
  readonly looked: number[] = [];
  readonly unlistable = new Set<number>();
  readonly lost = new Set<number>();

  constructor(
    private readonly clock: FakeClock,
    readonly name: string,
    private readonly chunks: readonly number[],
  ) {}

  get slices(): number[] {
    return [...new Set(this.chunks.map((at) => at - (at % SLICE)))];
  }

  readonly list = async (slices: readonly number[]) => {
    await this.clock.sleep(1);
    if (slices.some((slice) => this.unlistable.has(slice))) throw new Error('out of memory');
    return this.chunks.filter((at) => slices.includes(at - (at % SLICE))).map((at) => ({ at, size: 1 }));
  };

  readonly look = async ({ at }: { at: number }): Promise<{ finding: Finding }> => {
    await this.clock.sleep(10);
    this.looked.push(at);
    return { finding: { ...NOTHING_FOUND, checked: 1, lost: this.lost.has(at) ? 1 : 0 } };
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('The budget of a round', () => {
  it('is shared by all scopes: what one leaves is for those behind it', async () => {
    const { clock, round } = setUp({ budgetMs: 120 });
    const [short, first, second] = [[1], upTo(100), upTo(100)].map((at, i) => new Chunks(clock, `s${i}`, at));
    await round(short!, first!, second!);
    // Of 120 ms the short one takes some 10; half of the rest are five or six looks.
    expect(short!.looked).toEqual([1]);
    expect(first!.looked.length).toBeGreaterThanOrEqual(5);
    expect(second!.looked.length).toBeGreaterThanOrEqual(5);
    expect(first!.looked.length + second!.looked.length).toBeLessThanOrEqual(12);
  });

  it('lets each scope do one step when it is spent, so that none stands still', async () => {
    const { clock, round } = setUp({ budgetMs: 0 });
    const scopes = upTo(4).map((i) => new Chunks(clock, `s${i}`, upTo(3)));
    for (let rounds = 0; rounds < 3; rounds++) await round(...scopes);
    for (const { looked } of scopes) expect(looked.toSorted()).toEqual([0, 1, 2]);
  });

  it('is not spent by the wait between two looks at a difference', async () => {
    const { clock, round } = setUp({ budgetMs: 100 });
    const [wrong, other] = [[1], upTo(100)].map((at, i) => new Chunks(clock, `s${i}`, at));
    wrong!.lost.add(1);
    await round(wrong!, other!);
    expect(wrong!.looked).toEqual([1, 1]);
    // 100 ms less two looks; with the wait taken off it would be some 30.
    expect(other!.looked.length).toBeGreaterThanOrEqual(7);
  });
});

describe('The budget of a round in which much is wrong', () => {
  it('pays for the second looks as well', async () => {
    const { clock, round } = setUp({ budgetMs: 100 });
    const scope = new Chunks(clock, 'rollups', upTo(100));
    for (const at of upTo(100)) scope.lost.add(at);
    await round(scope);
    // Each costs two looks of 10 ms; the last one may go over.
    expect(scope.looked.length).toBeGreaterThanOrEqual(8);
    expect(scope.looked.length).toBeLessThanOrEqual(12);
  });
});

describe('A slice that cannot be listed', () => {
  it('hides nothing that is found beside it, and is what the scope is checked up to', async () => {
    const { clock, logger, round } = setUp();
    const scope = new Chunks(clock, 'rollups', [1, 11, 21]);
    scope.unlistable.add(10);
    scope.lost.add(1);
    const [row] = await round(scope);
    expect(scope.looked).toContain(21);
    expect(row).toMatchObject({ checkedThrough: 10, full: false, finding: { checked: 2, lost: 1 } });
    expect(logger.lines.map(({ message }) => message)).toContain(
      'The audit could not look at a part of a scope; it tries again when it comes by.',
    );
    scope.unlistable.clear();
    const [after] = await round(scope);
    expect(after).toMatchObject({ checkedThrough: 1_000, full: true, finding: { checked: 3, lost: 1 } });
  });

  it('leaves the last row to grow old when it is the newest, unless something is wrong', async () => {
    const { clock, metrics, round } = setUp();
    const scope = new Chunks(clock, 'rollups', [1, 11]);
    expect(await round(scope)).toMatchObject([{ checkedThrough: 1_000, full: true }]);
    const ageOf = async () =>
      (await metrics.exposition()).split('\n').find((line) => line.startsWith('pipeline_audit_checked'));
    const before = await ageOf();
    scope.unlistable.add(10);
    await clock.advance(10_000);
    expect(await round(scope)).toEqual([]);
    expect(await ageOf()).toBe(before);
    scope.lost.add(1);
    expect(await round(scope)).toMatchObject([{ checkedThrough: 10, full: false, finding: { lost: 1 } }]);
  });

  it('says nothing at all while no part can be listed, and keeps no other scope from its row', async () => {
    const { clock, round } = setUp();
    const [bad, good] = ['raw/0', 'raw/1'].map((name) => new Chunks(clock, name, [1]));
    bad!.unlistable.add(0);
    expect((await round(bad!, good!)).map(({ scope }) => scope)).toEqual(['raw/1']);
  });
});

describe('A difference', () => {
  const told = ({ lines }: ReturnType<typeof setUp>['logger']) =>
    lines.map(({ level, message, fields }) => [level, message, fields?.['lost']]);

  it('is looked at again after one wait, however many there are in a round', async () => {
    const { clock, round } = setUp();
    const scopes = ['rollups', 'raw/0'].map((name) => new Chunks(clock, name, upTo(5)));
    for (const scope of scopes) for (const at of upTo(5)) scope.lost.add(at);
    const started = clock.monotonic();
    expect(await round(...scopes)).toMatchObject([{ finding: { lost: 5 } }, { finding: { lost: 5 } }]);
    // Two scopes of five chunks, two looks of 10 ms at each, and a little for the listings.
    expect(clock.monotonic() - started).toBeLessThan(2 * 5 * 2 * 10 + 2 * CONFIRM_MS);
    for (const { looked } of scopes) expect(looked.toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('that is gone at the second look was work in progress', async () => {
    const { clock, logger, round } = setUp();
    const scope = new Chunks(clock, 'rollups', [1, 2]);
    scope.lost.add(1);
    const ending = round(scope);
    await clock.advance(0);
    for (; scope.looked.length < 2;) await clock.advance(1);
    scope.lost.clear();
    expect(await ending).toMatchObject([{ full: true, checkedThrough: 1_000, finding: { lost: 0 } }]);
    expect(scope.looked).toHaveLength(3);
    expect(told(logger)).toEqual([]);
  });

  it('is told when it appears, changes and ends, and once an hour while it stands', async () => {
    const { clock, logger, round } = setUp();
    const scope = new Chunks(clock, 'rollups', [1, 2]);
    const appears = ['error', 'The audit found a difference.', 1];
    scope.lost.add(1);
    for (let rounds = 0; rounds < 3; rounds++) await round(scope);
    expect(told(logger)).toEqual([appears]);
    await clock.advance(3_600_000);
    for (let rounds = 0; rounds < 3; rounds++) await round(scope);
    expect(told(logger)).toEqual([appears, appears]);
    scope.lost.add(2);
    for (let rounds = 0; rounds < 3; rounds++) await round(scope);
    expect(told(logger).slice(2)).toEqual([['error', 'The audit found a difference.', 2]]);
    scope.lost.clear();
    for (let rounds = 0; rounds < 3; rounds++) await round(scope);
    expect(told(logger).slice(3)).toEqual([['info', 'The difference that the audit had found is gone.', 2]]);
  });
});
