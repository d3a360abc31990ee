// CPU of the collector, from the socket to the durable append. Options: --runs 5 --events 1000000 --connections 16
// --log kafka --brokers 127.0.0.1:9092 --profile DIRECTORY
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LoadDone, LoadOrder } from './collector/load.js';

const EVENTS_PER_BATCH = 500;
/** Linux counts CPU time in hundredths of a second for every process. */
const TICKS_PER_SECOND = 100;
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

async function startCollector(
  folder: string,
  { log, brokers, profile }: { log: string; brokers: string; profile?: string | undefined },
): Promise<{ process: ChildProcess; port: number }> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...profiling, join(here, '..', 'apps', 'collector', 'src', 'main.js')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      ALPERF_HTTP_PORT: '0',
      ALPERF_LOG: log,
      ALPERF_KAFKA_BROKERS: brokers,
      ALPERF_DATA_DIR: folder,
      ALPERF_LOG_FORMAT: 'json',
      ALPERF_RATE_EVENTS: '0',
      ALPERF_RATE_BYTES: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout!.setEncoding('utf8');
  for await (const line of child.stdout! as AsyncIterable<string>) {
    const port = /"port":(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout!.resume();
    return { process: child, port: Number(port) };
  }
  throw new Error('The collector ended before it listened.');
}

async function send(load: ChildProcess, order: LoadOrder): Promise<LoadDone> {
  const ended = once(load, 'exit').then(() => {
    throw new Error('The load generator ended before its work.');
  });
  load.send(order);
  const [done] = (await Promise.race([once(load, 'message'), ended])) as [LoadDone];
  return done;
}

/** User and system time of a process, all its threads. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1_024);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const round = (value: number) => Math.round(value * 100) / 100;
