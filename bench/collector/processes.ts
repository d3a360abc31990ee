// What the collector's benches share: processes, their CPU, medians.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadDone, LoadOrder } from './load.js';

/** Linux counts CPU time in hundredths of a second for every process. */
const TICKS_PER_SECOND = 100;
const here = dirname(fileURLToPath(import.meta.url));

/** Starts the collector as a program of its own; resolves when it listens. */
export async function startCollector(
  folder: string,
  { log, brokers, profile }: { log: string; brokers: string; profile?: string | undefined },
): Promise<{ process: ChildProcess; port: number }> {
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...profiling, join(here, '..', '..', 'apps', 'collector', 'src', 'main.js')], {
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

/** Has the load generator do its work; resolves when all is answered. */
export function send(load: ChildProcess, order: LoadOrder): Promise<LoadDone> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error('The load generator ended before its work.'));
    load.once('exit', onExit);
    load.once('message', (done) => {
      load.off('exit', onExit);
      resolve(done as LoadDone);
    });
    load.send(order);
  });
}

/** User and system time of a process, all its threads, seconds in hundredths. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Memory that a process has in use, MiB. */
export function residentMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1_024);
}

/** The middle one; of two, what lies between. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** To two decimals. */
export const round = (value: number) => Math.round(value * 100) / 100;
