import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogFullError } from '../errors.js';
import { aRecord } from '../testing/harness.js';
import { Catalogue, type Topic } from './catalogue.js';
import { partitionOf } from './partitioner.js';
import { decodeKey, type RecordKey } from './record-codec.js';
import { RoundPlan } from './round-plan.js';

const PARTITIONS = 3;
const MAX_BYTES = 2_000;
const MAX_AGE_MS = 50;

/** A disk that does what plans say. */
class Disk {
  readonly catalogue = new Catalogue();
  readonly topic: Topic;
  readonly records = new Map<number, RecordKey[]>();
  now = 0;

  constructor() {
    this.catalogue.addTopic('topic', 1, PARTITIONS);
    this.topic = this.catalogue.topic('topic');
  }

  plan(): RoundPlan {
    const read = (_topic: Topic, partition: number, from: bigint) =>
      (this.records.get(partition) ?? []).filter(({ offset }) => offset >= from).values();
    return new RoundPlan(this.catalogue, read, { maxBytes: MAX_BYTES, maxAgeMs: MAX_AGE_MS }, this.now);
  }

  write(plan: RoundPlan): void {
    for (const cut of plan.cuts.map(decodeKey)) {
      const records = this.records.get(cut.partition)!;
      expect(records.shift()).toEqual(cut);
    }
    for (const { key } of plan.puts) {
      const record = decodeKey(key);
      this.records.set(record.partition, [...(this.records.get(record.partition) ?? []), record]);
    }
    for (const { topic, partition, state } of plan.ranges()) this.catalogue.setRange(topic, partition, state);
  }
}

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[] }
  | { readonly kind: 'commit'; readonly group: string; readonly partition: number; readonly back: number }
  | { readonly kind: 'wait'; readonly ms: number };

const aStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      sizes: fc.array(fc.nat({ max: 400 }), { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      group: fc.constantFrom('a', 'b'),
      partition: fc.nat({ max: PARTITIONS - 1 }),
      back: fc.nat({ max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 60 }) }) },
);

describe('A round', () => {
  it('never cuts what a group has not committed, never goes over the bound, and counts what is held', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 60 }), (steps) => {
        const disk = new Disk();
        let key = 0;
        for (const step of steps) {
          if (step.kind === 'wait') disk.now += step.ms;
          if (step.kind === 'commit') {
            const { earliest, next } = disk.topic.partitions[step.partition]!;
            const offset = next - BigInt(step.back) < earliest ? earliest : next - BigInt(step.back);
            disk.catalogue.setCommit('topic', step.group, { partition: step.partition, offset, metadata: '' });
          }
          if (step.kind !== 'append') continue;
          const floors = disk.topic.partitions.map((_, partition) => disk.catalogue.floor(disk.topic, partition));
          const before = disk.catalogue.totalBytes;
          const plan = disk.plan();
          plan.cutExpired();
          try {
            const records = step.sizes.map((size) => aRecord(`key-${key++}`, new Uint8Array(size)));
            const positions = plan.append(disk.topic, records);
            expect(positions.map(({ partition }) => partition)).toEqual(
              records.map((record) => partitionOf(record.key, PARTITIONS)),
            );
          } catch (error) {
            expect(error).toBeInstanceOf(LogFullError);
            expect(plan.puts).toEqual([]);
          }
          expect(disk.catalogue.totalBytes).toBe(before);
          disk.write(plan);
          for (const [partition, { earliest, next, bytes }] of disk.topic.partitions.entries()) {
            const held = disk.records.get(partition) ?? [];
            expect(earliest).toBeLessThanOrEqual(floors[partition]!);
            expect(held.map(({ offset }) => offset)).toEqual(held.map((_, i) => earliest + BigInt(i)));
            expect(next).toBe(earliest + BigInt(held.length));
            expect(bytes).toBe(held.reduce((sum, { size }) => sum + size, 0));
          }
          expect(disk.catalogue.totalBytes).toBeLessThanOrEqual(MAX_BYTES);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('cuts over all partitions what is oldest', () => {
    const disk = new Disk();
    const keys = [0, 1, 2].map((partition) =>
      [...Array(50).keys()].map(String).find((key) => partitionOf(key, 3) === partition)!,
    );
    for (const key of [keys[2]!, keys[0]!, keys[1]!]) {
      disk.now += 1;
      const plan = disk.plan();
      plan.append(disk.topic, [aRecord(key, new Uint8Array(600))]);
      disk.write(plan);
    }
    const plan = disk.plan();
    plan.append(disk.topic, [aRecord(keys[0]!, new Uint8Array(900))]);
    expect(plan.cuts.map((cut) => decodeKey(cut).partition)).toEqual([2, 0]);
  });

  it('cuts what is too old against the newest record, and nothing by a clock alone, set forward or back', () => {
    const disk = new Disk();
    const append = () => {
      const plan = disk.plan();
      plan.append(disk.topic, [aRecord('key', new Uint8Array(10))]);
      disk.write(plan);
    };
    const cut = () => {
      const plan = disk.plan();
      plan.cutExpired();
      disk.write(plan);
      return plan.cuts.length;
    };
    disk.now = 1_000;
    append();
    append();
    disk.now += 60 * MAX_AGE_MS;
    expect(cut()).toBe(0);
    append();
    disk.now -= 60 * MAX_AGE_MS;
    expect(cut()).toBe(0);
    disk.now += 60 * MAX_AGE_MS;
    expect(cut()).toBe(2);
    expect(cut()).toBe(0);
  });
});
