// Ten minutes of steady load: memory, lag and parts must stay flat, and nothing may be lost. Options: --rate 10000 --minutes 10
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
    options: { rate: { type: 'string', default: '10000' }, minutes: { type: 'string', default: '10' } },
  });
  const product = await startProduct();
  const load = fork(join(here, 'pipeline', 'load.js'), [product.url, values.rate, 'soak'], { execArgv: [] });
  const samples: Sample[] = [];
  const started = performance.now();
  try {
    while (performance.now() - started < Number(values.minutes) * 60_000) {
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
    // The first minutes fill caches and tables; the slope is taken from the second half.
    const settled = samples.filter(({ minute }) => minute > Number(values.minutes) / 2);
    return {
      eventsPerSecond: Math.round(done.emitted / ((performance.now() - started) / 1_000)),
      emitted: done.emitted,
      stored,
      lost: audit.lost,
      duplicated: audit.duplicated,
      memoryMiB: {
        half: Math.round(settled[0]?.ownMiB ?? 0),
        end: Math.round(settled.at(-1)?.ownMiB ?? 0),
        highest: Math.round(Math.max(...samples.map((one) => one.ownMiB))),
      },
      memorySlopeMiBPerMinute: Math.round(slope(settled) * 100) / 100,
      withMappedFilesMiB: Math.round(settled.at(-1)?.withFilesMiB ?? 0),
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

/** Least squares over (minute, MiB). */
function slope(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanX = samples.reduce((sum, one) => sum + one.minute, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one.ownMiB, 0) / n;
  const over = samples.reduce((sum, one) => sum + (one.minute - meanX) * (one.ownMiB - meanY), 0);
  return over / samples.reduce((sum, one) => sum + (one.minute - meanX) ** 2, 0);
}
