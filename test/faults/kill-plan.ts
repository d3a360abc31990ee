import { between, pick } from '../support/random.js';

/** A write of the aggregator, as its ports see it: the steps between which a crash may fall. */
export type Step = 'rows' | 'batches' | 'marks' | 'recount' | 'progress' | 'commit';

/** during: the write is on its way and may or may not be done; nobody hears its answer. */
export type Moment = 'before' | 'during' | 'after';

export interface KillPoint {
  readonly step: Step;
  readonly moment: Moment;
  /** Which write of this step, counted from 1. */
  readonly nth: number;
  /** For `during`: how long after the write began, ms. */
  readonly delayMs: number;
}

/** How many writes of a step a run over `CHUNK_BATCHES` fresh batches has at least. */
const MOST: Readonly<Record<Step, number>> = { rows: 3, batches: 2, marks: 3, recount: 5, progress: 2, commit: 2 };
const STEPS: readonly Step[] = ['rows', 'recount', 'commit', 'marks', 'batches', 'progress'];
const MOMENTS: readonly Moment[] = ['before', 'during', 'after'];

/** Every step at every moment in turn, the writes and delays drawn: eighteen kills cover all of them. */
export function killPoint(index: number, random: () => number): KillPoint {
  const step = STEPS[index % STEPS.length]!;
  const moment = MOMENTS[Math.floor(index / STEPS.length) % MOMENTS.length]!;
  const nth = between(random, 1, MOST[step]);
  return { step, moment, nth, delayMs: pick(random, [0, 1, 2, 4, 8, 16]) };
}

/** Number of kills that a setting asks for. @throws RangeError when it is no whole number above 0. */
export function killsOf(value: string | undefined, otherwise: number): number {
  const kills = value === undefined || value === '' ? otherwise : Number(value);
  if (!Number.isInteger(kills) || kills < 1) throw new RangeError(`The number of kills is ${value}; give 1 or more.`);
  return kills;
}
