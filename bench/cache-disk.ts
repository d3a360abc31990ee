// Get and put per second, their p99, the time to open a tier of a million entries, and what an entry takes of the file.
//
//   npm run --silent bench -- cache-disk [--entries 1000000] [--value-bytes 100]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NO_RECORDER } from '#libs/contracts';
import { disk, type DiskTier } from '#libs/cache/disk';
import { SystemClock } from '#libs/time';
import { between, seededRandom } from '#test/support';

const clock = new SystemClock();
/** Puts that are under way at once, as from a service with many requests. */
const AT_ONCE = 500;
const GETS = 200_000;
const ALONE = 300;
const LIMIT = { maxBytes: 2 ** 32 };

export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      entries: { type: 'string', default: '1000000' },
      'value-bytes': { type: 'string', default: '100' },
    },
  });
  const entries = Number(values.entries);
  const text = 'x'.repeat(Number(values['value-bytes']));
  const path = mkdtempSync(join(tmpdir(), 'alperf-bench-cache-'));
  try {
    const random = seededRandom(20_261_125);
    // As they come: no order that a B-tree would like.
    const keyOf = (i: number) => `document:${(i * 7_919) % entries}:page`;
    let tier = await opened(path);
    const putStart = performance.now();
    for (let i = 0; i < entries; i += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, entries - i) }, (_, j) => tier.set(keyOf(i + j), entryOf(text))),
      );
    const putsPerSecond = perSecond(entries, putStart);
    const counted = tier.usage().bytes;
    const file = statSync(join(path, 'data.mdb')).size;

    const putMs: number[] = [];
    for (let i = 0; i < ALONE; i++) {
      const start = performance.now();
      await tier.set(keyOf(between(random, 0, entries - 1)), entryOf(text));
      putMs.push(performance.now() - start);
    }
    await tier.close();

    const openStart = performance.now();
    tier = await opened(path);
    const openMs = performance.now() - openStart;
    const firstStart = performance.now();
    const first = await tier.get(keyOf(0));
    const firstGetMs = performance.now() - firstStart;
    if (first?.value !== text || tier.usage().entries !== entries) throw new Error('The tier lost entries.');

    const getUs: number[] = [];
    const getStart = performance.now();
    for (let i = 0; i < GETS; i++) {
      const start = performance.now();
      if ((await tier.get(keyOf(between(random, 0, entries - 1)))) === undefined)
        throw new Error('An entry is missing.');
      getUs.push((performance.now() - start) * 1_000);
    }
    const getsPerSecond = perSecond(GETS, getStart);

    const evicting = await evictions(tier, text);
    await tier.close();
    return {
      entries,
      valueBytes: text.length,
      putsPerSecond,
      putAloneP50Ms: quantile(putMs, 0.5),
      putAloneP99Ms: quantile(putMs, 0.99),
      getsPerSecond,
      getP50Us: quantile(getUs, 0.5),
      getP99Us: quantile(getUs, 0.99),
      openMs: rounded(openMs),
      firstGetMs: rounded(firstGetMs),
      fileBytesPerEntry: Math.round(file / entries),
      countedBytesPerEntry: Math.round(counted / entries),
      ...evicting,
      fileToBudgetAfterEvictions: rounded(statSync(join(path, 'data.mdb')).size / counted),
    };
  } finally {
    rmSync(path, { recursive: true });
  }
}

/** Writes as many again as a tenth of what is held, with no room left: each one makes another one leave. */
async function evictions(tier: DiskTier, text: string): Promise<{ putsPerSecondFull: number }> {
  const { entries, bytes } = tier.usage();
  await tier.resize({ maxBytes: bytes });
  const count = Math.ceil(entries / 10 / AT_ONCE) * AT_ONCE;
  const start = performance.now();
  for (let i = 0; i < count; i += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => tier.set(`later:${(i + j) * 31}`, entryOf(text))));
  return { putsPerSecondFull: perSecond(count, start) };
}

async function opened(path: string): Promise<DiskTier> {
  const tier = disk({ path, ...LIMIT });
  const onProblem = (problem: Error) => {
    throw problem;
  };
  await tier.open({ cache: 'bench', clock, random: Math.random, recorder: NO_RECORDER, onProblem });
  return tier;
}

function entryOf(value: string) {
  return { value, negative: false, storedAt: clock.now(), freshMs: 3_600_000, staleMs: 0 };
}

function perSecond(count: number, startedAt: number): number {
  return Math.round((count / (performance.now() - startedAt)) * 1_000);
}

function quantile(values: number[], q: number): number {
  return rounded(values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))]!);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
