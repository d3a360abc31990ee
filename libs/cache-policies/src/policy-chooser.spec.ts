import { describe, expect, it } from '@jest/globals';
import { createPolicy } from './create-policy.js';
import { PolicyChooser } from './policy-chooser.js';
import { Slots } from './slots.js';

const NEWCOMER = 1_000_000;

/** What an S3-FIFO that was taught makes of a key that left lately and of a new one: who would leave first. */
function orderOf(chooser: PolicyChooser, leftLately: number): number[] {
  const slots = new Slots();
  const policy = createPolicy('s3-fifo', slots);
  chooser.teach(policy);
  for (const key of [leftLately, NEWCOMER]) policy.add(slots.take(key, 1));
  return Array.from(policy.order(), (slot) => slots.hash[slot]!);
}

function chooserAfter(entries: number, accesses: number): PolicyChooser {
  const chooser = new PolicyChooser('lru');
  chooser.fit(entries, true);
  for (let key = 0; key < accesses; key++) chooser.access(key);
  return chooser;
}

describe('A policy that takes over', () => {
  it('knows the keys that left the small cache, when that has seen all accesses', () => {
    expect(orderOf(chooserAfter(20, 100), 90)).toEqual([NEWCOMER, 90]);
  });

  it('knows none of them when it has seen a sample: most of the others would be missing', () => {
    const chooser = chooserAfter(100_000, 3_000);
    expect(orderOf(chooser, 2_800)).toEqual([2_800, NEWCOMER]);
  });
});
