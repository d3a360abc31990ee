import assert from 'node:assert/strict';
import { SystemClock } from '#libs/time';
import type { Entry, Tier, TierContext, TierLimits } from '../../tier/tier.js';
import { canonical } from '../canonical.js';
import { RecordingTierRecorder } from '../recording-tier-recorder.js';
import type { TierBench, TierTraits } from '../tier-contract.js';

export const KIB = 1_024;
export const MIB = 1_024 * KIB;
/** Room for all that the tests write where they are not about limits. */
export const AMPLE: Required<TierLimits> = { maxBytes: 64 * MIB, maxEntries: 10_000 };

export type Run = (does: string, test: (subject: Subject) => Promise<void>) => void;

export interface Opened {
  readonly tier: Tier;
  readonly recorder: RecordingTierRecorder;
  readonly problems: readonly Error[];
}

export const clock = new SystemClock();

/** What one test works with. */
export class Subject {
  readonly #open: Tier[] = [];

  constructor(
    readonly bench: TierBench,
    readonly only: (limits: TierLimits) => TierLimits,
  ) {}

  readonly open = async (limits: TierLimits = AMPLE, cache = 'contract'): Promise<Opened> => {
    const tier = this.bench.tier(this.only(limits));
    const recorder = new RecordingTierRecorder();
    const problems: Error[] = [];
    const context: TierContext = {
      cache,
      clock,
      random: Math.random,
      recorder: recorder.port,
      onProblem: (problem) => void problems.push(problem),
    };
    await tier.open(context);
    this.#open.push(tier);
    return { tier, recorder, problems };
  };

  async close(tier: Tier): Promise<void> {
    this.#open.splice(this.#open.indexOf(tier), 1);
    await tier.close();
  }

  async end(): Promise<void> {
    for (const tier of this.#open) await tier.close();
    await this.bench.dispose?.();
  }
}

export function anEntry(value: unknown, rest: Partial<Entry> = {}): Entry {
  return {
    value,
    negative: false,
    storedAt: clock.now(),
    freshMs: Number.POSITIVE_INFINITY,
    staleMs: 0,
    ...rest,
  };
}

export async function valueOf(tier: Tier, key: string): Promise<unknown> {
  return (await tier.get(key))?.value;
}

export async function keysOf(tier: Tier): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of tier.entries()) keys.push(key);
  return keys.sort();
}

/** Waits for what a tier does by itself; the test's own limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await clock.sleep(5);
}

export function sameEntry(found: Entry | undefined, wanted: Entry, { storedAtToleranceMs = 100 }: TierTraits): void {
  assert.ok(found !== undefined, `There is no entry of ${canonical(wanted.value)}.`);
  assert.equal(canonical(found.value), canonical(wanted.value));
  assert.equal(found.negative, wanted.negative);
  const { freshMs, staleMs, storedAt } = wanted;
  assert.ok(found.freshMs === freshMs || Math.abs(found.freshMs - freshMs) < 1, `${found.freshMs} is not ${freshMs}`);
  assert.ok(found.staleMs === staleMs || Math.abs(found.staleMs - staleMs) < 1, `${found.staleMs} is not ${staleMs}`);
  assert.ok(
    Math.abs(found.storedAt - storedAt) <= storedAtToleranceMs,
    `stored at ${found.storedAt}, and not at ${storedAt}`,
  );
  assert.equal(found.version, wanted.version);
  assert.deepEqual([...(found.tags ?? [])].sort(), [...(wanted.tags ?? [])].sort());
  assert.equal(found.loadMs, wanted.loadMs);
  assert.equal(found.revalidateMs, wanted.revalidateMs);
}
