// Without the schemas, which a page would have to carry.
import type { ControlOperation } from './commands.js';

const FIELDS: Readonly<Record<ControlOperation['do'], readonly (keyof ControlOperation)[]>> = {
  clear: [],
  invalidate: ['key', 'tag', 'prefix', 'where'],
  pin: ['key'],
  unpin: ['key'],
  warm: ['keys', 'hottest'],
  inspect: ['key'],
  verify: [],
  export: [],
  import: [],
};
/** What no tier is named for: the memory tier has the pins, and a snapshot is of the whole cache. */
const OF_ALL_TIERS: readonly string[] = ['pin', 'unpin', 'warm', 'export', 'import'];

/** What is wrong with an operation of the right shape, or undefined. */
export function operationProblem(operation: ControlOperation): { pointer: string; reason: string } | undefined {
  const taken = FIELDS[operation.do];
  const given = Object.keys(operation).filter((name) => name !== 'do' && name !== 'tier') as (keyof ControlOperation)[];
  const foreign = given.find((name) => !taken.includes(name) && !(operation.do === 'verify' && name === 'repair'));
  if (foreign !== undefined) return { pointer: `/${foreign}`, reason: `is not taken by ${operation.do}` };
  if (operation.tier !== undefined && OF_ALL_TIERS.includes(operation.do))
    return { pointer: '/tier', reason: `is not taken by ${operation.do}` };
  const named = given.filter((name) => taken.includes(name));
  if (taken.length > 0 && named.length !== 1)
    return { pointer: '', reason: `takes exactly one of ${taken.join(', ')}` };
  if (operation.keys?.length === 0) return { pointer: '/keys', reason: 'must list at least one key' };
  if (operation.where !== undefined && Object.keys(operation.where).length === 0)
    return { pointer: '/where', reason: 'must say something: what would hold for all entries is clear' };
  return undefined;
}
