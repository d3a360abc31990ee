import { readFile } from 'node:fs/promises';
import { getHeapStatistics } from 'node:v8';
import type { MemoryReading, PressureSource } from '../manager/pressure.js';
import { cgroupMemory, type ReadText } from './cgroup-memory.js';

/** What is read, for tests: default the machine's. */
export interface PressureReaders {
  /** A file as text; undefined when it is not there. */
  readonly readText?: ReadText;
  readonly heap?: () => { readonly used_heap_size: number; readonly heap_size_limit: number };
}

/**
 * How full this process' heap is, against V8's limit, and the memory of the control groups that it is in, against theirs:
 * version 2 with those above it, or version 1. Some file reads, once a second.
 */
export function memoryPressure({ readText = textOf, heap = getHeapStatistics }: PressureReaders = {}): PressureSource {
  return {
    async read(): Promise<readonly MemoryReading[]> {
      const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = heap();
      const groups = await cgroupMemory(readText).catch(() => []);
      return [{ of: 'heap', usedBytes, limitBytes }, ...groups];
    },
  };
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
