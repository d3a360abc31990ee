// CPU of the collector, from the socket to the durable append. Options: --runs 5 --events 1000000 --connections 16
// --log kafka --brokers 127.0.0.1:9092 --profile DIRECTORY
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LoadDone, LoadOrder } from './collector/load.js';
import { cpuSeconds, median, residentMiB, round, send, startCollector } from './collector/processes.js';

const EVENTS_PER_BATCH = 500;
const here = dirname(fileURLToPath(import.meta.url));

export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      events: { type: 'string', default: '1000000' },
      connections: { type: 'string', default: '16' },
      log: { type: 'string', default: 'embedded' },
      brokers: { type: 'string', default: '127.0.0.1:9092' },
      profile: { type: 'string' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'alperf-bench-'));
  const collector = await startCollector(folder, values);
  const load = fork(join(here, 'collector', 'load.js'), [], { execArgv: [] });
  try {
    const order: LoadOrder = {
      format: 'batches',
      port: collector.port,
      batches: Math.ceil(Number(values.events) / EVENTS_PER_BATCH),
      connections: Number(values.connections),
      eventsPerBatch: EVENTS_PER_BATCH,
    };
    // Warm: the first half million events run in the interpreter in part.
    await send(load, { ...order, batches: Math.ceil(order.batches / 2) });
    const runs: { cpuSecondsPerMillion: number; eventsPerSecond: number; done: LoadDone }[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      const before = cpuSeconds(collector.process.pid!);
      const done = await send(load, order);
      const cpu = cpuSeconds(collector.process.pid!) - before;
      const expected = order.batches * EVENTS_PER_BATCH;
      if (done.accepted !== expected) throw new Error(`${done.accepted} of ${expected} events were accepted`);
      runs.push({
        cpuSecondsPerMillion: (cpu / done.accepted) * 1e6,
        eventsPerSecond: done.accepted / (done.elapsedMs / 1_000),
        done,
      });
    }
    const { bytesPerEvent, wireBytesPerEvent } = runs[0]!.done;
    return {
      log: values.log,
      cpuSecondsPerMillion: round(median(runs.map((one) => one.cpuSecondsPerMillion))),
      eventsPerSecond: Math.round(median(runs.map((one) => one.eventsPerSecond))),
      runs: runs.map((one) => round(one.cpuSecondsPerMillion)),
      eventsPerBatch: EVENTS_PER_BATCH,
      bytesPerEvent,
      wireBytesPerEvent,
      rssMiB: residentMiB(collector.process.pid!),
    };
  } finally {
    load.disconnect();
    collector.process.kill('SIGTERM');
    await once(collector.process, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}
