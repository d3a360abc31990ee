import type { MemoryReading } from '../manager/pressure.js';

export type ReadText = (path: string) => Promise<string | undefined>;

const ROOT = '/sys/fs/cgroup';
/** Version 1 says so where there is no limit: more than any machine has. */
const NO_LIMIT = 2 ** 60;

/**
 * The memory of each control group that limits this process. What the kernel can drop at any time, files that nobody used
 * lately, is not counted as used: it would look like pressure after every large read.
 */
export async function cgroupMemory(readText: ReadText): Promise<MemoryReading[]> {
  const lines = ((await readText('/proc/self/cgroup')) ?? '').split('\n').map((line) => line.split(':'));
  const second = lines.find(([id, controllers]) => id === '0' && controllers === '');
  const first = lines.find(([, controllers = '']) => controllers.split(',').includes('memory'));
  if (first !== undefined) return readings(pathsOf(first[2]), (path) => readFirst(`${ROOT}/memory${path}`, readText));
  if (second !== undefined) return readings(pathsOf(second[2]), (path) => readSecond(`${ROOT}${path}`, readText));
  return [];
}

/** A group and those above it, any of which may have the limit. In a container the paths above are not there to be read. */
function pathsOf(path = '/'): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return [...parts.map((_, i) => `/${parts.slice(0, parts.length - i).join('/')}`), ''];
}

async function readings(
  paths: readonly string[],
  read: (path: string) => Promise<MemoryReading | undefined>,
): Promise<MemoryReading[]> {
  const all = await Promise.all(paths.map(read));
  return all.filter((reading) => reading !== undefined);
}

async function readSecond(folder: string, readText: ReadText): Promise<MemoryReading | undefined> {
  const [max, high, current, stat] = await Promise.all(
    ['max', 'high', 'current', 'stat'].map((name) => readText(`${folder}/memory.${name}`)),
  );
  const limit = Math.min(bytesIn(max), bytesIn(high));
  return reading(limit, bytesIn(current), fieldIn(stat, 'inactive_file'));
}

async function readFirst(folder: string, readText: ReadText): Promise<MemoryReading | undefined> {
  const [limit, used, stat] = await Promise.all(
    ['limit_in_bytes', 'usage_in_bytes', 'stat'].map((name) => readText(`${folder}/memory.${name}`)),
  );
  return reading(bytesIn(limit), bytesIn(used), fieldIn(stat, 'total_inactive_file'));
}

function reading(limitBytes: number, usedBytes: number, droppable: number): MemoryReading | undefined {
  if (!(limitBytes < NO_LIMIT) || !(usedBytes < NO_LIMIT)) return undefined;
  return { of: 'cgroup', limitBytes, usedBytes: Math.max(0, usedBytes - droppable) };
}

/** `max`, or what is not there, is no limit. */
function bytesIn(text: string | undefined): number {
  const digits = /^\d+/.exec(text?.trim() ?? '');
  return digits === null ? Number.POSITIVE_INFINITY : Number(digits[0]);
}

function fieldIn(stat: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat ?? '')?.[1] ?? 0);
}
