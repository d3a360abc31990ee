// From emit() to visible in SQL under a steady load. Options: --rate 20000 --seconds 30 --runs 5
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createTelemetry } from '#libs/telemetry/node';
import { pause, quantile, startProduct, type Product } from './pipeline/product.js';

const here = dirname(fileURLToPath(import.meta.url));
/** A probe is emitted this often, and SQL is asked this often. */
const PROBE_EVERY_MS = 100;
const ASK_EVERY_MS = 15;

export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '30' },
      runs: { type: 'string', default: '5' },
      emitters: { type: 'string', default: '2' },
    },
  });
  const product = await startProduct();
  const emitters = Number(values.emitters);
  const loads = Array.from({ length: emitters }, (_, index) =>
    fork(join(here, 'pipeline', 'load.js'), [product.url, String(Number(values.rate) / emitters), `cache-${index}`], {
      execArgv: [],
    }),
  );
  try {
    await pause(5_000);
    const runs: { p50Ms: number; p99Ms: number; probes: number }[] = [];
    for (let i = 0; i < Number(values.runs); i++)
      runs.push(await measure(product, `probe-${i}`, Number(values.seconds) * 1_000));
    const done = await Promise.all(loads.map(stop));
    const emitted = done.reduce((sum, one) => sum + one.emitted, 0);
    const seconds = Math.max(...done.map(({ elapsedMs }) => elapsedMs)) / 1_000;
    return {
      p50Ms: median(runs.map((one) => one.p50Ms)),
      p99Ms: median(runs.map((one) => one.p99Ms)),
      runs,
      eventsPerSecond: Math.round(emitted / seconds),
    };
  } finally {
    for (const load of loads) load.kill('SIGKILL');
    await product.stop();
  }
}

async function measure(
  product: Product,
  resource: string,
  forMs: number,
): Promise<{ p50Ms: number; p99Ms: number; probes: number }> {
  const telemetry = createTelemetry({
    service: 'bench',
    version: '1',
    endpoint: product.url,
    salt: 'bench',
    flushIntervalMs: 250,
  });
  const emittedAt: number[] = [];
  const seenAfter: number[] = [];
  const started = performance.now();
  let seen = 0;
  for (let asked = 0; performance.now() - started < forMs || seen < emittedAt.length;) {
    const now = performance.now();
    if (now - started < forMs && now - started >= emittedAt.length * PROBE_EVERY_MS) {
      emittedAt.push(now);
      // The probe's number travels as its duration.
      telemetry.loads.finished({
        resource,
        source: 'network',
        priority: 'visible',
        trigger: 'direct',
        outcome: 'ok',
        queuedNs: 0,
        totalNs: emittedAt.length,
        bytes: 0,
        attempts: 1,
      });
    }
    if (now - asked >= ASK_EVERY_MS) {
      asked = now;
      const [row] = await product.sql<{ n: string | number }>(
        `SELECT max(total_ns) AS n FROM load_events WHERE resource = '${resource}'`,
      );
      const until = Number(row?.n ?? 0);
      const at = performance.now();
      for (; seen < until; seen++) seenAfter.push(at - emittedAt[seen]!);
    } else await pause(2);
  }
  await telemetry.shutdown({ deadlineMs: 5_000 });
  seenAfter.sort((a, b) => a - b);
  return {
    p50Ms: Math.round(quantile(seenAfter, 0.5)),
    p99Ms: Math.round(quantile(seenAfter, 0.99)),
    probes: seenAfter.length,
  };
}

async function stop(load: ChildProcess): Promise<{ emitted: number; elapsedMs: number }> {
  const message = once(load, 'message');
  load.kill('SIGTERM');
  const [done] = (await message) as [{ emitted: number; elapsedMs: number }];
  return done;
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
