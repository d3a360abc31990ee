import { basename } from 'node:path';
import type { EvictionSetting, PolicyName } from '#libs/cache-policies';
import { alperfCommand } from '#libs/operations';
import {
  COUNTERS,
  differences,
  hitRatio,
  noCounts,
  overall,
  type Counter,
  type Counts,
  type TierCounts,
} from './counters.js';
import type { Delivery } from './replay-telemetry.js';
import type { Stored } from './stored.js';

/** What a replay answers with `--json`. */
export interface ReplayReport {
  readonly trace: string;
  readonly cache: {
    /** As it was asked for; null without a memory tier. */
    readonly policy: EvictionSetting | null;
    /** The one in force at the end: of `adaptive`, the one it has chosen. */
    readonly policyAtEnd: PolicyName | null;
    readonly name: string;
    readonly maxEntries: number | null;
    readonly maxBytes: number | null;
    /** Directory and limit of the disk tier; null without one. */
    readonly disk: { readonly path: string; readonly maxBytes: number } | null;
    /** Place and limit of the Redis tier, and what its keys lay under; null without one. */
    readonly redis: { readonly place: string; readonly namespace: string; readonly maxBytes: number | null } | null;
  };
  readonly service: string;
  readonly instance: string;
  /** What the cache as a whole did by its own count, and what telemetry made of it. */
  readonly emitted: Counts & {
    readonly events: number;
    readonly batches: number;
    readonly dropped: number;
    readonly rejectedEvents: number;
  };
  readonly stored: Counts & { readonly events: number; readonly batches: number };
  /** The same for each tier, from the nearest on: the cache's own figures, and those of the database. */
  readonly tiers: readonly {
    readonly tier: string;
    readonly hitRatio: number;
    readonly emitted: Counts;
    readonly stored: Counts;
  }[];
  /** In every tier. */
  readonly equal: boolean;
  /** The counters that differ in some tier; none when equal. */
  readonly differs: readonly (Counter | 'events' | 'batches')[];
  /** Requests that some tier answered, per request. */
  readonly hitRatio: number;
  /** From the first request until the database held everything. */
  readonly durationSeconds: number;
  /** From the first request to the last. */
  readonly replaySeconds: number;
  readonly requestsPerSecond: number;
}

export interface ReplayFacts {
  readonly trace: string;
  readonly cache: ReplayReport['cache'];
  readonly service: string;
  readonly instance: string;
  readonly emitted: TierCounts;
  readonly delivery: Delivery;
  readonly stored: Stored;
  readonly replayMs: number;
  readonly totalMs: number;
}

/** Pure. Equal only when every counter and the numbers of events and batches are. */
export function reportOf(facts: ReplayFacts): ReplayReport {
  const { trace, cache, service, instance, emitted, delivery, stored, replayMs, totalMs } = facts;
  const counts = overall(emitted);
  const differs: (Counter | 'events' | 'batches')[] = differences(emitted, stored.tiers);
  if (delivery.accepted + delivery.rejected + delivery.dropped !== stored.events) differs.push('events');
  if (delivery.batches !== stored.batches) differs.push('batches');
  return {
    trace,
    cache,
    service,
    instance,
    emitted: {
      ...counts,
      events: delivery.accepted + delivery.rejected + delivery.dropped,
      batches: delivery.batches,
      dropped: delivery.dropped,
      rejectedEvents: delivery.rejected,
    },
    stored: { ...overall(stored.tiers), events: stored.events, batches: stored.batches },
    tiers: emitted.map((one, i) => ({
      tier: one.tier,
      hitRatio: hitRatio(one.counts),
      emitted: one.counts,
      stored: stored.tiers[i]?.counts ?? noCounts(),
    })),
    equal: differs.length === 0,
    differs,
    hitRatio: hitRatio(counts),
    durationSeconds: seconds(totalMs),
    replaySeconds: seconds(replayMs),
    requestsPerSecond: replayMs <= 0 ? 0 : Math.round((counts.requests / replayMs) * 1_000),
  };
}

/** The same for people. Pure. */
export function renderReport(report: ReplayReport): string {
  const { cache, emitted, stored, tiers } = report;
  const apart = tiers.length === 1 ? [] : tiers;
  return [
    `${'counter'.padEnd(12)}${'emitted'.padStart(14)}${'stored'.padStart(14)}`,
    ...[...COUNTERS, 'events' as const, 'batches' as const].map((name) => line(name, emitted[name], stored[name])),
    ...apart.flatMap((one) => [
      '',
      `${one.tier}, hit ratio ${one.hitRatio.toFixed(4)}`,
      ...COUNTERS.map((name) => line(name, one.emitted[name], one.stored[name])),
    ]),
    '',
    `Hit ratio ${report.hitRatio.toFixed(4)}${policyText(cache)}; ` +
      `${report.requestsPerSecond.toLocaleString('en')} requests/s; all stored after ${report.durationSeconds} s.`,
    report.equal
      ? 'What was emitted and what the database holds are equal.'
      : `They differ: ${report.differs.join(', ')}. Instance ${report.instance}; \`${alperfCommand('dead-letters list')}\` shows what was not accepted.`,
  ].join('\n');
}

function policyText({ policy, policyAtEnd }: ReplayReport['cache']): string {
  if (policy === null) return '';
  return ` with ${policy}${policy === 'adaptive' ? `, in the end ${policyAtEnd}` : ''}`;
}

function line(name: string, emitted: number, stored: number): string {
  const cell = (value: number) => value.toLocaleString('en').padStart(14);
  return `${name.padEnd(12)}${cell(emitted)}${cell(stored)}${emitted === stored ? '' : '  differs'}`;
}

/** The file's name without its endings, as caches may be named. Pure. */
export function cacheNameOf(path: string): string {
  const name = basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.(txt|csv|tsv)$/, '')
    .replace(/[^A-Za-z0-9_.-]/g, '_')
    .slice(0, 64);
  return /^[A-Za-z0-9_]/.test(name) ? name : `trace_${name}`.slice(0, 64);
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
