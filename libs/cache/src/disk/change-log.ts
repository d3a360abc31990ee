import type { Selection } from '../tier/tier.js';
import type { Bytes, CacheDatabases } from './environment.js';
import { idKey } from './keys.js';
import type { Totals } from './totals.js';
import type { Work } from './work.js';

/** What can be said to another process: a predicate cannot, and is told by the keys that it met. */
export type ToldSelection = Exclude<Selection, { readonly where: unknown }>;

/** Changes that are kept for instances that have not read them yet; who missed more is told that everything changed. */
const KEPT_CHANGES = 10_000;
const TRIMMED_AT_ONCE = 256;
const INSTANCE = 'instance:';

export const changeKey = idKey;

export function encodeChange(instance: number, selection: ToldSelection): Buffer {
  return Buffer.from(JSON.stringify({ instance, selection }));
}

/** What other instances removed or overwrote, read as they wrote it. */
export class ChangeReader {
  #next: number;

  constructor(
    private readonly databases: CacheDatabases,
    private readonly instance: number,
    totals: Totals,
  ) {
    this.#next = totals.nextChange;
  }

  /** All that was told since the last time. Everything, if it cannot be known any more what. */
  read(totals: Totals): ToldSelection[] {
    if (totals.nextChange === this.#next) return [];
    const wanted = totals.nextChange - this.#next;
    const start = changeKey(this.#next);
    this.#next = totals.nextChange;
    const changes = [...this.databases.changes.getRange({ start, limit: wanted })];
    if (changes.length < wanted) return [{ all: true }];
    return changes
      .map(({ value }) => JSON.parse(value.toString()) as { instance: number; selection: ToldSelection })
      .filter(({ instance }) => instance !== this.instance)
      .map(({ selection }) => selection);
  }
}

/** Within a write transaction, with the number of each change: now and then forgets what all had time to read. */
export function trimChanges(changes: Bytes, number: number): void {
  if (number % TRIMMED_AT_ONCE !== 0 || number < KEPT_CHANGES) return;
  const end = changeKey(number - KEPT_CHANGES);
  // All are read before one is removed: removing moves what a cursor stands on.
  const old = Array.from(changes.getKeys({ end, limit: 2 * TRIMMED_AT_ONCE }));
  for (const key of old) void changes.remove(key);
}

/**
 * Within a write transaction: counts in this instance, and those out whose process has ended without a word.
 * @returns the number by which this instance is told from others.
 */
export function joinInstances({ totals }: Work, { meta }: CacheDatabases, pid: number): number {
  const instance = totals.nextId++;
  totals.instances = countInstances(meta, pid);
  void meta.put(instanceKey(instance), Buffer.from(String(pid)));
  totals.instances++;
  return instance;
}

/** Within a write transaction. */
export function leaveInstances({ totals }: Work, { meta }: CacheDatabases, instance: number): void {
  if (meta.removeSync(instanceKey(instance))) totals.instances--;
}

/** Within a write transaction: forgets the instances whose process has ended, and counts the others. */
function countInstances(meta: Bytes, pid: number): number {
  let count = 0;
  const all = Array.from(meta.getRange({ start: Buffer.from(INSTANCE), end: Buffer.from(`${INSTANCE}~`) }));
  for (const { key, value } of all) {
    const other = Number(value.toString());
    if (other === pid || isRunning(other)) count++;
    else void meta.remove(key);
  }
  return count;
}

function instanceKey(instance: number): Buffer {
  return Buffer.from(INSTANCE + instance);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // There, but somebody else's.
    return (error as { code?: string }).code === 'EPERM';
  }
}
