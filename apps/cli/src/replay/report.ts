import { basename } from 'node:path';
import { alperfCommand } from '#libs/operations';
import { COUNTERS, differences, hitRatio, type Counter, type Counts } from './counters.js';
import type { Delivery } from './replay-telemetry.js';
import type { Stored } from './stored.js';

/** What a replay answers with `--json`. */
export interface ReplayReport {
  readonly trace: string;
  readonly cache: {
    readonly policy: 'lru';
    readonly name: string;
    readonly maxEntries: number | null;
    readonly maxBytes: number | null;
  };
  readonly service: string;
  readonly instance: string;
  /** What the cache did, counted apart from telemetry; and what telemetry made of it. */
  readonly emitted: Counts & {
    readonly events: number;
    readonly batches: number;
    readonly dropped: number;
    readonly rejectedEvents: number;
  };
  readonly stored: Counts & { readonly events: number; readonly batches: number };
  readonly equal: boolean;
  /** The counters that differ; none when equal. */
  readonly differs: readonly (Counter | 'events' | 'batches')[];
  readonly hitRatio: number;
  /** From the first request until the database held everything. */
  readonly durationSeconds: number;
  /** From the first request to the last. */
  readonly replaySeconds: number;
  readonly requestsPerSecond: number;
}

export interface ReplayFacts {
  readonly trace: string;
  readonly cacheName: string;
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
  readonly service: string;
  readonly instance: string;
  readonly counts: Counts;
  readonly delivery: Delivery;
  readonly stored: Stored;
  readonly replayMs: number;
  readonly totalMs: number;
}

/** Pure. Equal only when every counter and the numbers of events and batches are. */
export function reportOf(facts: ReplayFacts): ReplayReport {
  const { trace, service, instance, counts, delivery, stored, replayMs, totalMs } = facts;
  const differs: (Counter | 'events' | 'batches')[] = differences(counts, stored.counts);
  if (delivery.accepted + delivery.rejected + delivery.dropped !== stored.events) differs.push('events');
  if (delivery.batches !== stored.batches) differs.push('batches');
  return {
    trace,
    cache: {
      policy: 'lru',
      name: facts.cacheName,
      maxEntries: facts.maxEntries ?? null,
      maxBytes: facts.maxBytes ?? null,
    },
    service,
    instance,
    emitted: {
      ...counts,
      events: delivery.accepted + delivery.rejected + delivery.dropped,
      batches: delivery.batches,
      dropped: delivery.dropped,
      rejectedEvents: delivery.rejected,
    },
    stored: { ...stored.counts, events: stored.events, batches: stored.batches },
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
  const { emitted, stored } = report;
  const names = [...COUNTERS, 'events', 'batches'] as const;
  const cell = (value: number) => value.toLocaleString('en').padStart(14);
  return [
    `${'counter'.padEnd(12)}${'emitted'.padStart(14)}${'stored'.padStart(14)}`,
    ...names.map(
      (name) =>
        `${name.padEnd(12)}${cell(emitted[name])}${cell(stored[name])}${emitted[name] === stored[name] ? '' : '  differs'}`,
    ),
    '',
    `Hit ratio ${report.hitRatio.toFixed(4)}; ${report.requestsPerSecond.toLocaleString('en')} requests/s; all stored after ${report.durationSeconds} s.`,
    report.equal
      ? 'What was emitted and what the database holds are equal.'
      : `They differ: ${report.differs.join(', ')}. Instance ${report.instance}; \`${alperfCommand('dead-letters list')}\` shows what was not accepted.`,
  ].join('\n');
}

/** The file's name without its endings, as the contract allows names. Pure. */
export function cacheNameOf(path: string): string {
  const name = basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.(txt|csv|tsv)$/, '')
    .replace(/[^A-Za-z0-9_.:/ -]/g, '_')
    .slice(0, 128);
  return /^[A-Za-z0-9_]/.test(name) ? name : `trace_${name}`.slice(0, 128);
}

function seconds(ms: number): number {
  return Math.round(ms) / 1_000;
}
