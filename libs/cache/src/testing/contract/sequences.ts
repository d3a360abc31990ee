import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isSelected } from './is-selected.js';
import type { Selection, Tier, TierLimits } from '../../tier/tier.js';
import { canonical } from '../canonical.js';
import { anEntry, keysOf, valueOf, type Subject } from './subject.js';

type Step =
  | { readonly do: 'set'; readonly key: string; readonly size: number; readonly tags: readonly string[] }
  | { readonly do: 'get'; readonly key: string }
  | { readonly do: 'remove'; readonly selection: Selection }
  | { readonly do: 'resize'; readonly maxBytes: number; readonly maxEntries: number };

const aKey = fc.constantFrom(
  'a',
  'ab',
  'abc',
  'b',
  'ba',
  `a${'long'.repeat(1_000)}`,
  `a${'long'.repeat(1_000)}2`,
  '\ud800',
);
const aTag = fc.constantFrom('s', 't', 'tt');
const aSet = fc.record({
  do: fc.constant('set' as const),
  key: aKey,
  size: fc.oneof(fc.nat(100), fc.nat(20_000)),
  tags: fc.uniqueArray(aTag),
});
const aStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: aSet },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key: aKey }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      selection: fc.oneof(
        aKey.map((key) => ({ key })),
        aTag.map((tag) => ({ tag })),
        fc.constantFrom('', 'a', 'ab', 'b', 'along', '\ud800').map((prefix) => ({ prefix })),
        fc.constantFrom<Selection>({ all: true }, { where: (key) => key.length % 2 === 0 }),
      ),
    }),
  },
);
const aResize: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('resize' as const),
  maxBytes: fc.integer({ min: 1_000, max: 100_000 }),
  maxEntries: fc.integer({ min: 1, max: 8 }),
});

/** The plain reference: what was set last, and not removed since. */
class Model {
  readonly entries = new Map<string, { readonly value: unknown; readonly tags: readonly string[] }>();

  selected(selection: Selection): string[] {
    return [...this.entries].filter(([key, { tags }]) => isSelected(selection, key, tags)).map(([key]) => key);
  }
}

/** Answers as a Map does, in any sequence within its limits, waited for or not. */
export async function withinLimits({ open }: Subject): Promise<void> {
  const { tier } = await open();
  const sequence = fc.array(fc.tuple(aStep, fc.boolean()), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(sequence, async (steps) => {
      await tier.remove({ all: true }, { cause: 'cleared' });
      const model = new Model();
      const checks: Promise<void>[] = [];
      let number = 0;
      for (const [step, waits] of steps) {
        checks.push(exactly(tier, model, step, number++));
        if (waits) await Promise.all(checks);
      }
      await Promise.all(checks);
      assert.deepEqual(await keysOf(tier), [...model.entries.keys()].sort());
      const { entries } = tier.usage();
      if (entries !== undefined) assert.equal(entries, model.entries.size);
      for await (const problem of tier.verify({ repair: false })) assert.fail(problem.message);
    }),
    { numRuns: 40, endOnFailure: false },
  );
}

/** Keeps its limits and gives no wrong entry in any sequence, resized meanwhile. */
export async function beyondLimits(subject: Subject): Promise<void> {
  const { tier } = await subject.open();
  const sequence = fc.array(fc.oneof({ weight: 8, arbitrary: aStep }, { weight: 1, arbitrary: aResize }), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(sequence, async (steps) => {
      await tier.remove({ all: true }, { cause: 'cleared' });
      await tier.resize(subject.only({ maxBytes: 50_000, maxEntries: 5 }));
      const model = new Model();
      for (const [i, step] of steps.entries()) {
        await loosely(tier, model, step, i, subject.only);
        const { entries, bytes, maxBytes, maxEntries } = tier.usage();
        if (maxEntries !== undefined) assert.ok(entries! <= maxEntries, `${entries} entries of ${maxEntries}`);
        if (maxBytes !== undefined) assert.ok(bytes! <= maxBytes, `${bytes} bytes of ${maxBytes}`);
      }
      for (const key of await keysOf(tier)) assert.ok(model.entries.has(key), `${canonical(key)} was removed`);
    }),
    { numRuns: 40, endOnFailure: false },
  );
}

/** Begins a step, and says at once what its answer has to be. */
function exactly(tier: Tier, model: Model, step: Step, number: number): Promise<void> {
  switch (step.do) {
    case 'set': {
      const value = `${number}:${'x'.repeat(step.size)}`;
      model.entries.set(step.key, { value, tags: step.tags });
      return tier.set(step.key, anEntry(value, { tags: step.tags })).then((kept) => assert.equal(kept, true));
    }
    case 'get': {
      const wanted = model.entries.get(step.key)?.value;
      return valueOf(tier, step.key).then((value) => assert.equal(value, wanted));
    }
    case 'remove': {
      const keys = model.selected(step.selection);
      for (const key of keys) model.entries.delete(key);
      return tier
        .remove(step.selection, { cause: 'invalidated' })
        .then(({ entries }) => assert.equal(entries, keys.length));
    }
    case 'resize':
      throw new Error('Without a limit that is reached, a model knows all.');
  }
}

/** Does a step on a tier that may have evicted anything, at any time. */
async function loosely(
  tier: Tier,
  model: Model,
  step: Step,
  number: number,
  only: (limits: TierLimits) => TierLimits,
): Promise<void> {
  switch (step.do) {
    case 'set': {
      const value = `${number}:${'x'.repeat(step.size)}`;
      const kept = await tier.set(step.key, anEntry(value, { tags: step.tags }));
      if (kept) model.entries.set(step.key, { value, tags: step.tags });
      else {
        model.entries.delete(step.key);
        assert.equal(await tier.get(step.key), undefined);
      }
      return;
    }
    case 'get': {
      const value = await valueOf(tier, step.key);
      if (value !== undefined) assert.equal(value, model.entries.get(step.key)?.value);
      return;
    }
    case 'remove': {
      const keys = model.selected(step.selection);
      const { entries } = await tier.remove(step.selection, { cause: 'invalidated' });
      assert.ok(entries <= keys.length);
      for (const key of keys) {
        model.entries.delete(key);
        assert.equal(await tier.get(key), undefined);
      }
      return;
    }
    case 'resize':
      await tier.resize(only({ maxBytes: step.maxBytes, maxEntries: step.maxEntries }));
  }
}
