import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createPolicy } from './create-policy.js';
import { POLICY_NAMES, type PolicyName } from './policy.js';
import { NONE, Slots } from './slots.js';
import { expectSame } from './testing/expect-same.js';
import { referencePolicy, type Item } from './testing/reference-policies.js';

type Step =
  | { readonly do: 'access'; readonly key: number; readonly weight: number }
  | { readonly do: 'adopt'; readonly key: number }
  | { readonly do: 'remove'; readonly key: number }
  | { readonly do: 'reweigh'; readonly key: number; readonly weight: number }
  | { readonly do: 'resize'; readonly budget: number };

const KEYS = 40;
const key = fc.oneof(fc.nat(8), fc.nat(KEYS));
const weight = fc.integer({ min: 1, max: 9 });
const accesses = key.map((key): Step => ({ do: 'access', key, weight: 1 }));
const steps = fc.oneof(
  { weight: 30, arbitrary: accesses },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('access' as const), key, weight }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('adopt' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reweigh' as const), key, weight }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resize' as const), budget: fc.integer({ min: 1, max: 30 }) }) },
);

/** Runs a policy and its reference side by side, as a cache runs a policy; after each step they must agree. */
function compare(name: PolicyName, firstBudget: number, taken: readonly Step[]): void {
  const budget = { weight: firstBudget };
  const slots = new Slots();
  const policy = createPolicy(name, slots);
  const reference = referencePolicy(name);
  const held = new Map<number, { readonly slot: number; readonly item: Item }>();
  let sum = 0;
  const leave = (key: number) => {
    const { slot, item } = held.get(key)!;
    expectSame(slots.weight[slot], item.weight);
    sum -= item.weight;
    held.delete(key);
    slots.free(slot);
  };
  const makeRoom = (weight: number) => {
    while (held.size > 0 && sum + weight > budget.weight) {
      const expected = reference.evict();
      const slot = policy.evict();
      expectSame(slots.hash[slot], expected?.key);
      leave(expected!.key);
    }
  };
  const enter = (key: number, weight: number, how: 'add' | 'adopt') => {
    const slot = slots.take(key, weight);
    const item: Item = { key, weight, uses: 0 };
    held.set(key, { slot, item });
    sum += weight;
    policy[how](slot);
    reference[how](item);
  };
  for (const step of taken) {
    if (step.do === 'resize') {
      budget.weight = step.budget;
      makeRoom(0);
    } else {
      const entry = held.get(step.key);
      if (entry === undefined) {
        if (step.do === 'access' || step.do === 'adopt') {
          const weight = step.do === 'access' ? step.weight : 1;
          makeRoom(weight);
          enter(step.key, weight, step.do === 'access' ? 'add' : 'adopt');
        }
      } else if (step.do === 'remove') {
        policy.remove(entry.slot);
        reference.remove(entry.item);
        leave(step.key);
      } else if (step.do === 'reweigh') {
        policy.reweigh(entry.slot, step.weight);
        sum += step.weight - entry.item.weight;
        entry.item.weight = step.weight;
        makeRoom(0);
      } else if (step.do === 'access') {
        // A cache may count such hits by itself: it comes to the same.
        const { uses } = slots;
        if (policy.usesCounted > 0) uses[entry.slot] = Math.min(policy.usesCounted, uses[entry.slot]! + 1);
        else policy.hit(entry.slot);
        reference.hit(entry.item);
      }
    }
    expectSame(
      Array.from(policy.order(), (slot) => slots.hash[slot]),
      reference.order().map(({ key }) => key),
    );
    expectSame(policy.count, held.size);
  }
  makeRoom(Number.POSITIVE_INFINITY);
  expect(policy.evict()).toBe(NONE);
}

/** A policy that runs a cache of eight entries; `access` says who left, in order. */
function aRun(name: PolicyName) {
  const slots = new Slots();
  const policy = createPolicy(name, slots);
  const held = new Map<number, number>();
  return {
    policy,
    access(keys: readonly number[]): number[] {
      const left: number[] = [];
      for (const key of keys) {
        const slot = held.get(key);
        if (slot !== undefined) {
          policy.hit(slot);
          continue;
        }
        if (held.size === 8) {
          const out = policy.evict();
          left.push(slots.hash[out]!);
          held.delete(slots.hash[out]!);
          slots.free(out);
        }
        const taken = slots.take(key, 1);
        held.set(key, taken);
        policy.add(taken);
      }
      return left;
    },
    removeAll(): void {
      for (const slot of held.values()) {
        policy.remove(slot);
        slots.free(slot);
      }
      held.clear();
    },
    clear(): void {
      policy.clear();
      slots.clear();
      held.clear();
    },
  };
}

describe.each(POLICY_NAMES)('The policy %s', (name) => {
  it('does what its plain reference does, whatever happens', () => {
    const budgets = fc.integer({ min: 1, max: 25 });
    fc.assert(
      fc.property(budgets, fc.array(steps, { maxLength: 400, size: 'max' }), (budget, taken) =>
        compare(name, budget, taken),
      ),
      { numRuns: 30 },
    );
  });

  it('does what its plain reference does over many accesses', () => {
    fc.assert(
      fc.property(fc.array(accesses, { minLength: 1_000, maxLength: 2_000, size: 'max' }), (taken) =>
        compare(name, 12, taken),
      ),
      { numRuns: 3 },
    );
  });

  it('counts a hit told to it as it lets a cache count', () => {
    const slots = new Slots();
    const policy = createPolicy(name, slots);
    const slot = slots.take(1, 1);
    policy.add(slot);
    for (let hits = 0; hits < 9; hits++) policy.hit(slot);
    expect(slots.uses[slot]).toBe(policy.usesCounted);
  });

  it('taught by another one, does as that one would with the same entries', () => {
    const keys = fc.array(fc.nat(30), { size: 'max', maxLength: 300 });
    fc.assert(
      fc.property(keys, keys, (before, after) => {
        const taught = aRun(name);
        const teacher = aRun(name);
        teacher.access(before);
        teacher.removeAll();
        taught.policy.learn?.(teacher.policy, true);
        expect(taught.access(after)).toEqual(teacher.access(after));
      }),
      { numRuns: 40 },
    );
  });

  it('forgets what it knew when it is cleared: it does as a new one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(30), { size: 'max', maxLength: 300 }),
        fc.array(fc.nat(30), { size: 'max', maxLength: 300 }),
        (before, after) => {
          const cleared = aRun(name);
          cleared.access(before);
          cleared.clear();
          expect(cleared.policy.count).toBe(0);
          expect(cleared.access(after)).toEqual(aRun(name).access(after));
        },
      ),
      { numRuns: 40 },
    );
  });
});
