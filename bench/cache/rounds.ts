/** Does something so many times; returns something of what it got, so that nothing is optimised away. */
export type Way = (times: number) => unknown;

export interface Figures<Name extends string> {
  /** CPU time of the process, the collection of its garbage included: what other programs do to the wall clock does not count. */
  readonly nsPerTime: Record<Name, number>;
  /** How many times as long one way takes as another: the median of what each round says. */
  ratio(of: Name, to: Name): number;
}

/** One round of one way takes about so long, ms. */
const ROUND_MS = 20;
const WARM_UP_ROUNDS = 2;

/**
 * What one time of each way takes, ns: the median of the rounds, in which the ways take turns in one process. A way does
 * as many times per round as take some 20 ms, so that slow ones do not hold up the others.
 */
export async function inTurn<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  rounds = 7,
): Promise<Figures<Name>> {
  const names = Object.keys(ways) as Name[];
  const times = new Map<Name, number>();
  for (const name of names) times.set(name, await timesFor(ways[name]));
  const figures = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++)
    for (let i = 0; i < names.length; i++) {
      // Another first one every round: whoever comes after a collection of garbage should not always be the same.
      const name = names[(i + round + WARM_UP_ROUNDS) % names.length]!;
      const count = times.get(name)!;
      const tookMs = await cpuMsOf(() => ways[name](count));
      if (round >= 0) figures.get(name)!.push((tookMs * 1e6) / count);
      // Windows close by timers: they get their turn, outside the measure.
      await new Promise((resolve) => setImmediate(resolve));
    }
  return {
    nsPerTime: Object.fromEntries([...figures].map(([name, values]) => [name, round1(median(values))])) as Record<
      Name,
      number
    >,
    ratio: (of, to) => round2(median(figures.get(of)!.map((value, round) => value / figures.get(to)![round]!))),
  };
}

async function timesFor(way: Way): Promise<number> {
  let count = 2_048;
  for (;;) {
    const times = count;
    const tookMs = await cpuMsOf(() => way(times));
    if (tookMs >= ROUND_MS) return Math.max(1_024, Math.round((count * ROUND_MS) / tookMs));
    count *= 2;
  }
}

/** CPU time of all threads of this process. */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

export function round1(value: number): number {
  return Math.round(value * 10) / 10;
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
