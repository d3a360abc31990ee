import { PerformanceObserver } from 'node:perf_hooks';
import type { Telemetry } from '../telemetry.js';

/** What the thread computed in turns of the event loop, milliseconds of CPU time, ascending. */
export interface Turns {
  /** Turns without a collection of garbage. Those of less than 0.05 ms, in which hardly anything happened, are left out. */
  readonly undisturbed: readonly number[];
  /** Turns in which garbage was collected: V8 decides when, for the host's garbage and telemetry's together. */
  readonly collecting: readonly number[];
  /** Gets counted, and as many metric updates. */
  readonly counted: number;
  /** What all threads of the process computed, ms of CPU time. */
  readonly cpuMs: number;
}

const PER_MS = 40;
const KEYS = 5_000;
const LEAST_MS = 0.05;

/**
 * A host that does a bit every millisecond: `perMs` gets of a cache, each sampled, and as many updates of 5,000 label
 * sets; without telemetry it counts into a plain map. Measured is what the thread computed in each turn of the event loop, not how long
 * that took: what else the machine does at the moment is nobody's fault here.
 */
export async function busyHost(telemetry: Telemetry | undefined, forMs: number, perMs = PER_MS): Promise<Turns> {
  const work = telemetry === undefined ? countsPlainly() : countsInto(telemetry);
  let counted = 0;
  let stopped = false;
  const tick = () => {
    if (stopped) return;
    for (let i = 0; i < perMs; i++) work(counted++ % KEYS);
    setTimeout(tick, 1);
  };
  const collections: { readonly startTime: number; readonly duration: number }[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const turns: { readonly ms: number; readonly from: number; readonly to: number }[] = [];
  const end = performance.now() + forMs;
  const before = process.cpuUsage();
  tick();
  let computed = threadCpuMs();
  let from = performance.now();
  while (from < end) {
    // Always one waiting: each turn of the loop ends here.
    await new Promise((resolve) => setImmediate(resolve));
    const now = threadCpuMs();
    const to = performance.now();
    if (now - computed >= LEAST_MS) turns.push({ ms: now - computed, from, to });
    computed = now;
    from = to;
  }
  stopped = true;
  const { user, system } = process.cpuUsage(before);
  // Collections are told of a little later.
  await new Promise((resolve) => setTimeout(resolve, 50));
  observer.disconnect();
  const collecting = (turn: { from: number; to: number }) =>
    collections.some(({ startTime, duration }) => startTime < turn.to && startTime + duration > turn.from);
  const sorted = (some: typeof turns) => some.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    undisturbed: sorted(turns.filter((turn) => !collecting(turn))),
    collecting: sorted(turns.filter(collecting)),
    counted,
    cpuMs: (user + system) / 1_000,
  };
}

function countsInto(telemetry: Telemetry): (key: number) => void {
  const cache = telemetry.cache('pages', { maxAccessesPerWindow: Infinity });
  const family = telemetry.metric('requests_total', { type: 'counter', labels: ['id'], maxLabelSets: KEYS });
  const hashes = Array.from({ length: KEYS }, (_, key) => cache.hashKey(`key-${key}`));
  return (key) => {
    cache.hit(hashes[key]);
    family.with({ id: String(key) }).add();
  };
}

function countsPlainly(): (key: number) => void {
  const counts = new Map<string, number>();
  return (key) => {
    const id = String(key);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  };
}

/**
 * CPU time of this thread, ms. Linux brings a running thread's own figure up to date only at a tick (4 ms) or a switch,
 * but does so when asked for the process's.
 */
function threadCpuMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
