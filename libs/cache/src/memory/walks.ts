import type { RemovalCause } from '#libs/contracts';
import type { EntryInfo, TierProblem, Touched } from '../tier/tier.js';
import type { EntryTable } from './entry-table.js';
import type { TierTime } from './tier-time.js';

/** Entries walked between two pauses. */
const WALKED_AT_ONCE = 4_096;

/** What walks need of their tier. */
export interface Walked {
  readonly tier: string;
  readonly table: EntryTable;
  readonly time: TierTime;
  readonly drop: (slot: number, cause: RemovalCause) => void;
  readonly infoOf: (slot: number) => EntryInfo;
}

/** Tells of the entries in these slots, from the last on. */
export async function* walkInfos({ table, time, infoOf }: Walked, order: readonly number[]): AsyncIterable<EntryInfo> {
  for (let i = order.length - 1; i >= 0; i--) {
    const slot = order[i]!;
    if (table.keys[slot] !== undefined) yield infoOf(slot);
    if (i > 0 && i % WALKED_AT_ONCE === 0) await time.clock.sleep(0);
  }
}

/** Removes what is in these slots. */
export function removeSlots(walked: Walked, slots: readonly number[], cause: RemovalCause, dryRun: boolean): Touched {
  const { table, drop } = walked;
  let bytes = 0;
  for (const slot of slots) {
    bytes += table.bytesOf(slot);
    if (!dryRun) drop(slot, cause);
  }
  return { entries: slots.length, ...(table.weighs && { bytes }) };
}

/**
 * Walks all in steps, and removes what is wanted: what is written meanwhile is not meant. All may be cleared meanwhile:
 * then nothing is left of what it walks.
 */
export async function removeWhere(
  walked: Walked,
  wanted: (slot: number) => boolean,
  cause: RemovalCause,
  dryRun: boolean,
): Promise<Touched> {
  const { table, time } = walked;
  const { index } = table;
  const asked = time.exact();
  let entries = 0;
  let bytes = 0;
  let steps = 0;
  for (const slot of index.values()) {
    if (table.written[slot]! <= asked && wanted(slot)) {
      entries++;
      bytes += removeSlots(walked, [slot], cause, dryRun).bytes ?? 0;
    }
    if (++steps % WALKED_AT_ONCE === 0) await time.clock.sleep(0);
    if (table.index !== index) break;
  }
  return { entries, ...(table.weighs && { bytes }) };
}

/** Walks all and tells what is wrong; `managed` is how many entries the policy has. It ends when all is cleared meanwhile. */
export async function* verifyTable(walked: Walked, repair: boolean, managed: () => number): AsyncIterable<TierProblem> {
  const { tier, table, time, drop } = walked;
  let bytes = 0;
  let steps = 0;
  const { index } = table;
  for (const [key, slot] of index) {
    bytes += table.bytesOf(slot);
    if (table.keys[slot] !== key)
      yield { tier, problem: 'orphan', message: 'The index leads to the place of another entry.', key };
    if (table.isOutdated(slot, time.now)) {
      yield { tier, problem: 'expired', message: 'Its time is over, and it has not been swept out yet.', key };
      if (table.index !== index) return;
      if (repair && table.keys[slot] === key) drop(slot, 'expired');
    }
    if (++steps % WALKED_AT_ONCE === 0) await time.clock.sleep(0);
    if (table.index !== index) return;
  }
  const known = managed() + table.pinned;
  const held = table.index.size;
  if (known !== held)
    yield { tier, problem: 'miscounted', message: `The policy knows ${known} entries, and ${held} are held.` };
  if (steps === held && table.weighs && bytes !== table.bytes) {
    const message = `The entries weigh ${bytes} bytes, and ${table.bytes} are counted.`;
    yield { tier, problem: 'miscounted', message };
  }
}
