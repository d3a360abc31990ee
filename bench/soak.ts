// Ten minutes of steady load: memory, lag and parts must stay flat, and nothing may be lost.
// Options: --rate 10000 --minutes 10 --warm-up 9
//
// ClickHouse keeps the parts that a merge has replaced for 8 minutes (old_parts_lifetime), some 10 KiB of memory each. Until
// the first of them go, memory has to rise: the minutes of the warm-up are shown and not judged.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pause, residentMiB, startProduct } from './pipeline/product.js';

const here = dirname(fileURLToPath(import.meta.url));
const SAMPLE_EVERY_MS = 5_000;

interface Sample {
  readonly minute: number;
  /** Without mapped files. */
  readonly ownMiB: number;
  readonly withFilesMiB: number;
  readonly lag: number;
  readonly parts: number;
}

export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '10000' },
      minutes: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '9' },
    },
  });
  const warmUp = Number(values['warm-up']);
  const minutes = warmUp + Number(values.minutes);
  const product = await startProduct();
  const load = fork(join(here, 'pipeline', 'load.js'), [product.url, values.rate, 'soak'], { execArgv: [] });
  const samples: Sample[] = [];
  const started = performance.now();
  try {
    while (performance.now() - started < minutes * 60_000) {
      await pause(SAMPLE_EVERY_MS);
      const { log, storage } = await product.status();
      const memory = residentMiB(product.pid);
      const sample = {
        minute: (performance.now() - started) / 60_000,
        ownMiB: memory.own,
        withFilesMiB: memory.withFiles,
        lag: log.lag,
        parts: storage.parts,
      };
      samples.push(sample);
      process.stderr.write(
        `${sample.minute.toFixed(1)} min: ${sample.ownMiB.toFixed(0)} MiB of its own, ${sample.withFilesMiB.toFixed(0)} with mapped files, lag ${sample.lag}, ${sample.parts} parts\n`,
      );
    }
    const message = once(load, 'message');
    load.kill('SIGTERM');
    const [done] = (await message) as [{ emitted: number }];
    const stored = await untilStored(done.emitted, product.sql);
    const { audit } = await product.status();
    const judged = samples.filter(({ minute }) => minute > warmUp);
    return {
      minutes: Number(values.minutes),
      warmUpMinutes: warmUp,
      eventsPerSecond: Math.round(done.emitted / ((performance.now() - started) / 1_000)),
      emitted: done.emitted,
      stored,
      lost: audit.lost,
      duplicated: audit.duplicated,
      memoryMiB: {
        start: Math.round(judged[0]?.ownMiB ?? 0),
        end: Math.round(judged.at(-1)?.ownMiB ?? 0),
        highest: Math.round(Math.max(...samples.map((one) => one.ownMiB))),
      },
      memorySlopeMiBPerMinute: Math.round(slope(judged) * 100) / 100,
      memorySlopeErrorMiBPerMinute: Math.round(slopeError(judged) * 100) / 100,
      withMappedFilesMiB: Math.round(judged.at(-1)?.withFilesMiB ?? 0),
      lagHighest: Math.max(...samples.map((one) => one.lag)),
      partsHighest: Math.max(...samples.map((one) => one.parts)),
    };
  } finally {
    load.kill('SIGKILL');
    await product.stop();
  }
}

async function untilStored(emitted: number, sql: <Row>(query: string) => Promise<Row[]>): Promise<number> {
  let stored = 0;
  for (let asked = 0; stored < emitted && asked < 300; asked++) {
    const [row] = await sql<{ n: string | number }>(`SELECT count() AS n FROM cache_accesses WHERE cache = 'soak'`);
    stored = Number(row?.n ?? 0);
    if (stored < emitted) await pause(200);
  }
  return stored;
}

/** Standard error of the slope, for samples that are independent of each other; these are not quite, so it is a lower bound. */
function slopeError(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanX = samples.reduce((sum, one) => sum + one.minute, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one.ownMiB, 0) / n;
  const rise = slope(samples);
  const rest = samples.reduce((sum, one) => sum + (one.ownMiB - meanY - rise * (one.minute - meanX)) ** 2, 0);
  return Math.sqrt(rest / (n - 2) / samples.reduce((sum, one) => sum + (one.minute - meanX) ** 2, 0));
}

/** Least squares over (minute, MiB). */
function slope(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanX = samples.reduce((sum, one) => sum + one.minute, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one.ownMiB, 0) / n;
  const over = samples.reduce((sum, one) => sum + (one.minute - meanX) * (one.ownMiB - meanY), 0);
  return over / samples.reduce((sum, one) => sum + (one.minute - meanX) ** 2, 0);
}
