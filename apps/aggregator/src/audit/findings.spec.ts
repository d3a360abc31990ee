import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { confirmed, Findings, NOTHING_FOUND, type Chunk } from './findings.js';

const SLICE = 10;
const lost = (n: number) => ({ ...NOTHING_FOUND, checked: 10, lost: n });

/** A scope whose chunks are these sizes by where they start; slices are ten wide. */
class Scope {
  readonly findings = new Findings();
  readonly chunks = new Map<number, number>();
  /** Slices without any. */
  readonly empty = new Set<number>();
  readonly failing = new Set<number>();
  /** Slices that no listing which has them among its own comes through with. */
  readonly unlistable = new Set<number>();

  /** One round of at most so many steps. @returns where it looked, in order. */
  round(steps = Infinity, listEdge = true): number[] {
    const held = [...this.chunks.keys()].map((at) => at - (at % SLICE));
    const slices = [...new Set([...held, ...this.empty])].sort((a, b) => a - b);
    this.findings.begin(slices, listEdge);
    const looked: number[] = [];
    for (let step = 0; step < steps; step++) {
      const next = this.findings.next();
      if (next === undefined) break;
      if (next.kind === 'list') {
        if (next.slices.some((slice) => this.unlistable.has(slice))) this.findings.unlisted(next.slices);
        else this.findings.listed(next.slices, this.#held(next.slices));
      } else {
        if (this.failing.has(next.chunk.at)) this.findings.failed(next.chunk);
        else this.findings.looked(next.chunk, { ...NOTHING_FOUND, checked: this.chunks.get(next.chunk.at)! });
        looked.push(next.chunk.at);
      }
    }
    return looked;
  }

  #held(slices: readonly number[]): Chunk[] {
    return [...this.chunks]
      .filter(([at]) => slices.includes(at - (at % SLICE)))
      .map(([at, size]) => ({ at, size }))
      .sort((a, b) => a.at - b.at);
  }
}

function aScope(...chunks: number[]): Scope {
  const scope = new Scope();
  for (const at of chunks) scope.chunks.set(at, 1);
  return scope;
}

describe('Findings', () => {
  it('looks at everything once a round when there is time for it', () => {
    const scope = aScope(1, 2, 11);
    expect(scope.round()).toEqual([11, 1, 2]);
    expect(scope.findings.fullRounds).toBe(1);
    expect(scope.round()).toEqual([1, 2, 11]);
    expect(scope.findings.fullRounds).toBe(2);
  });

  it('looks at what is new first, and goes on with the rotation where it was', () => {
    const scope = aScope(1, 2, 11, 12);
    scope.round();
    expect(scope.round(4)).toEqual([1, 2]);
    scope.chunks.set(13, 1);
    expect(scope.round(4)).toEqual([13, 11, 12]);
  });

  it('takes a chunk for new again whenever it has grown', () => {
    const scope = aScope(1, 2, 11);
    scope.round();
    for (const size of [2, 3, 4]) {
      scope.chunks.set(11, size);
      expect(scope.round(2)).toEqual([11]);
    }
    expect(scope.round(2)).not.toEqual([11]);
  });

  it('looks again at a chunk that grew while it was looked at', () => {
    const findings = new Findings();
    findings.begin([0], true);
    findings.next();
    findings.listed([0], [{ at: 1, size: 1 }]);
    findings.begin([0], true);
    findings.next();
    findings.listed([0], [{ at: 1, size: 2 }]);
    findings.looked({ at: 1, size: 1 }, NOTHING_FOUND);
    expect(findings.next()).toEqual({ kind: 'look', chunk: { at: 1, size: 2 } });
  });

  it('lists a slice once more after it was the newest, and what came late when the rotation comes by', () => {
    const scope = aScope(1);
    scope.round();
    scope.chunks.set(2, 1).set(11, 1);
    expect(scope.round(3)).toEqual([2, 11]);
    scope.chunks.set(3, 1);
    expect(scope.round()).toContain(3);
  });

  it('says where the part that was looked at without a gap ends', () => {
    const scope = aScope(1, 2, 11);
    expect(scope.findings.firstMissing).toBeUndefined();
    scope.round(2);
    expect(scope.findings.firstMissing).toEqual({ at: 0, through: 0 });
    scope.round();
    expect(scope.findings.firstMissing).toBeUndefined();
    scope.chunks.set(11, 2).set(12, 1);
    scope.round(1);
    expect(scope.findings.firstMissing).toEqual({ at: 11, through: 2 });
    scope.round(2);
    expect(scope.findings.firstMissing).toEqual({ at: 12, through: 11 });
  });

  it('keeps what an old chunk showed until that chunk is looked at again, and forgets what is gone', () => {
    const scope = aScope(1, 11);
    scope.round();
    scope.findings.looked({ at: 1, size: 1 }, lost(3));
    scope.round(1);
    expect(scope.findings.total).toMatchObject({ lost: 3 });
    scope.chunks.delete(1);
    scope.round();
    expect(scope.findings.total).toEqual({ ...NOTHING_FOUND, checked: 1 });
  });

  it('goes past a chunk that cannot be looked at, calls it missing, and tries it again once a cycle', () => {
    const scope = aScope(1, 2, 11);
    scope.round();
    scope.failing.add(2);
    expect(scope.round()).toEqual([1, 2, 11]);
    expect(scope.findings.firstMissing).toEqual({ at: 2, through: 1 });
    scope.chunks.set(12, 1);
    expect(scope.round()).toEqual([12, 1, 2, 11]);
    expect(scope.findings.fullRounds).toBe(1);
    scope.failing.clear();
    scope.round();
    expect(scope.findings.firstMissing).toBeUndefined();
    expect(scope.findings.fullRounds).toBe(2);
  });

  it('goes past a slice that cannot be listed, calls it missing although it was seen before, and tries it again once a cycle', () => {
    const scope = aScope(1, 11, 21);
    scope.round();
    scope.unlistable.add(10);
    expect(scope.round()).toEqual([1, 11, 21]);
    expect(scope.findings.firstMissing).toEqual({ at: 10, through: 1 });
    expect(scope.findings.newestUnlisted).toBe(false);
    scope.round();
    expect(scope.findings.fullRounds).toBe(1);
    scope.unlistable.clear();
    scope.chunks.set(12, 1);
    expect(scope.round()).toContain(12);
    expect(scope.findings.firstMissing).toBeUndefined();
    expect(scope.findings.fullRounds).toBe(2);
  });

  it('says that the newest slice is not known, and asks for one beside it alone', () => {
    const scope = aScope(1);
    scope.empty.add(10);
    scope.round();
    scope.unlistable.add(10);
    scope.chunks.set(2, 1);
    expect(scope.round()).toEqual([2, 1]);
    expect(scope.findings.newestUnlisted).toBe(true);
    expect(scope.findings.firstMissing).toEqual({ at: 10, through: 2 });
    scope.unlistable.clear();
    scope.round(1);
    expect(scope.findings.newestUnlisted).toBe(false);
    expect(scope.findings.firstMissing).toBeUndefined();
  });

  it('has nothing to do where there is nothing, which is all of it', () => {
    const scope = aScope();
    expect(scope.round()).toEqual([]);
    expect(scope.findings.fullRounds).toBe(1);
    expect(scope.findings.firstMissing).toBeUndefined();
  });

  it('does not hand out a chunk in doubt, nor end a cycle before it is known what it holds', () => {
    const scope = aScope(1, 2);
    const { findings } = scope;
    findings.begin([0], true);
    expect(findings.next()).toEqual({ kind: 'list', slices: [0] });
    findings.listed(
      [0],
      [1, 2].map((at) => ({ at, size: 1 })),
    );
    findings.doubted({ at: 1, size: 1 });
    expect(findings.next()).toEqual({ kind: 'look', chunk: { at: 2, size: 1 } });
    findings.looked({ at: 2, size: 1 }, NOTHING_FOUND);
    expect(findings.next()).toBeUndefined();
    expect(findings.fullRounds).toBe(0);
    findings.looked({ at: 1, size: 1 }, lost(3));
    expect(findings.total).toMatchObject({ lost: 3 });
    expect(findings.fullRounds).toBe(1);
    // The next round has a whole cycle before it again.
    expect(scope.round()).toEqual([1, 2]);
    expect(findings.fullRounds).toBe(2);
  });

  it('takes a chunk that was in doubt when a round was given up for one that could not be looked at', () => {
    const scope = aScope(1, 11);
    scope.round();
    scope.findings.doubted({ at: 1, size: 1 });
    expect(scope.round()).toEqual([11]);
    expect(scope.findings.firstMissing).toEqual({ at: 1, through: 0 });
    expect(scope.findings.fullRounds).toBe(1);
    scope.round();
    expect(scope.findings.firstMissing).toBeUndefined();
  });

  it('takes no longer for a step when there are many slices', () => {
    const findings = new Findings();
    let reads = 0;
    const slices = new Proxy(
      Array.from({ length: 1_000 }, (_, index) => index * SLICE),
      { get: (target, property) => (reads++, Reflect.get(target, property) as unknown) },
    );
    findings.begin(slices, true);
    let looks = 0;
    let most = 0;
    for (let step = findings.next(); step !== undefined;) {
      reads = 0;
      if (step.kind === 'look') findings.looked(step.chunk, NOTHING_FOUND);
      else
        findings.listed(
          step.slices,
          step.slices.map((at) => ({ at, size: 1 })),
        );
      looks += step.kind === 'look' ? 1 : 0;
      step = findings.next();
      most = Math.max(most, reads);
    }
    expect(looks).toBe(1_000);
    expect(most).toBeLessThan(100);
  });

  it('comes by everything in every cycle, however little is done in a round and whatever grows', () => {
    const growth = fc.array(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 3 })), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(39), { minLength: 1, maxLength: 12 }),
        fc.array(fc.record({ steps: fc.integer({ min: 1, max: 4 }), edge: fc.boolean(), growth }), { maxLength: 30 }),
        (chunks, rounds) => {
          const scope = aScope(...chunks);
          for (const { steps, edge, growth } of rounds) {
            scope.round(steps, edge);
            for (const [at, by] of growth) scope.chunks.set(at, (scope.chunks.get(at) ?? 0) + by);
          }
          // From anywhere: two cycles later everything was looked at as it is now, and nothing is missing.
          const { fullRounds } = scope.findings;
          for (let round = 0; scope.findings.fullRounds < fullRounds + 2; round++) {
            expect(round).toBeLessThan(200);
            scope.round(3);
          }
          expect(scope.findings.firstMissing).toBeUndefined();
          expect(scope.findings.total.checked).toBe([...scope.chunks.values()].reduce((sum, size) => sum + size, 0));
        },
      ),
    );
  });

  it('believes only what two looks agree on', () => {
    const first = { checked: 9, lost: 5, duplicated: 1, conflicts: 0 };
    expect(confirmed(first, { checked: 10, lost: 2, duplicated: 3, conflicts: 1 })).toEqual({
      checked: 10,
      lost: 2,
      duplicated: 1,
      conflicts: 1,
    });
  });
});
