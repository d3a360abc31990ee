import { grouped } from '../command/figures.js';
import { table } from '../command/table.js';
import type { Simulated } from './simulated-cache.js';

/** What `alperf simulate` found out. */
export interface Simulation {
  readonly trace: string;
  readonly maxEntries: number | null;
  readonly maxBytes: number | null;
  readonly requests: number;
  readonly unique: number;
  /** One for each policy, in the order they were asked for. */
  readonly results: readonly Simulated[];
}

const COLUMNS: readonly (readonly [string, (result: Simulated) => string])[] = [
  ['policy', ({ policy }) => policy],
  ['hit ratio', ({ hitRatio }) => hitRatio.toFixed(4)],
  ['by bytes', ({ byteHitRatio }) => byteHitRatio?.toFixed(4) ?? '-'],
  ['evicted', ({ evicted }) => grouped(evicted)],
  ['rejected', ({ rejected }) => grouped(rejected)],
  ['entries', ({ entries }) => grouped(entries)],
  ['ns/access', ({ nsPerAccess }) => nsPerAccess.toFixed(0)],
];

/** For people: a table with a line for each policy, and what `adaptive` did. Pure. */
export function renderSimulation({ maxEntries, maxBytes, requests, unique, results }: Simulation): string {
  const limits = [
    ...(maxEntries === null ? [] : [`${grouped(maxEntries)} entries`]),
    ...(maxBytes === null ? [] : [`${grouped(maxBytes)} bytes`]),
  ];
  return [
    `${grouped(requests)} requests for ${grouped(unique)} unique keys; room for ${limits.join(' and ')}.`,
    '',
    ...table(
      COLUMNS.map(([title], i) => ({ title, left: i === 0 })),
      results.map((one) => COLUMNS.map(([, cell]) => cell(one))),
    ),
    ...results.flatMap(changesOf),
  ].join('\n');
}

function changesOf({ policy, policyAtEnd, changes }: Simulated): string[] {
  if (policy !== 'adaptive') return [];
  return ['', `adaptive ended with ${policyAtEnd}, ${howItCame(changes)}.`];
}

function howItCame(changes: Simulated['changes']): string {
  const last = changes.at(-1);
  if (last === undefined) return 'as it began';
  const before = changes.slice(0, -1).map(({ policy, after }) => `${policy} after ${grouped(after)}`);
  return `taken after ${grouped(last.after)} requests${before.length === 0 ? '' : `; before that, ${before.join(', ')}`}`;
}
