import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { POLICY_NAMES } from '#libs/cache-policies';
import { instancePoint, parseSelector, selectorName, selects, settingsFor, type Selector } from './select.js';
import { flatSettings } from './flat-settings.js';
import { EVICTION_SETTINGS, type ControlSettings } from './settings.js';

const instance = fc.uuid({ version: 4 });
const selector = (of: fc.Arbitrary<string>): fc.Arbitrary<Selector> =>
  fc.oneof(
    fc.constant<Selector>({ kind: 'all' }),
    fc.integer({ min: 1, max: 999_999 }).map((millionths): Selector => ({ kind: 'share', share: millionths / 1e6 })),
    of.map((one): Selector => ({ kind: 'instance', instance: one })),
  );
const limits = fc.record({ maxBytes: fc.nat(), maxEntries: fc.nat() }, { requiredKeys: [] });
const settings: fc.Arbitrary<ControlSettings> = fc.record(
  {
    tiers: fc.dictionary(fc.constantFrom('memory', 'disk'), limits),
    policy: fc.constantFrom(...EVICTION_SETTINGS),
    ttlMs: fc.nat(),
    paused: fc.boolean(),
    sampling: fc.oneof(fc.record({ maxKeys: fc.nat(1_000) }), fc.record({ rate: fc.constantFrom(0.1, 0.5) })),
  },
  { requiredKeys: [] },
);

/** The entries of a document: no two with one selector. */
const entries = instance.chain((one) =>
  fc.record({
    instance: fc.constant(one),
    entries: fc.uniqueArray(fc.record({ selector: selector(fc.oneof(fc.constant(one), instance)), settings }), {
      selector: (entry) => selectorName(entry.selector),
      maxLength: 8,
    }),
  }),
);

/** The rule as it is told, field by field: of those that select and name the field, the one for the fewest. */
function plainly(one: string, list: readonly { selector: Selector; settings: ControlSettings }[]) {
  const rank = ({ selector: of }: { selector: Selector }) =>
    of.kind === 'instance' ? 0 : of.kind === 'share' ? of.share : 1;
  const inForce = list.filter((entry) => selects(entry.selector, one));
  const fields = new Set(inForce.flatMap((entry) => Object.keys(field(entry.settings))));
  return Object.fromEntries(
    [...fields].map((name) => {
      const naming = inForce.filter((entry) => name in field(entry.settings));
      const best = naming.reduce((a, b) => (rank(b) < rank(a) ? b : a));
      return [name, field(best.settings)[name]];
    }),
  );
}

/** Flat, with sampling as the one field that it is. */
function field({ sampling, ...others }: ControlSettings): Record<string, unknown> {
  return { ...flatSettings(others), ...(sampling !== undefined && { sampling: JSON.stringify(sampling) }) };
}

describe('Which settings hold in an instance', () => {
  it('is what the most specific entry says that names the field', () => {
    fc.assert(
      fc.property(entries, ({ instance: one, entries: list }) => {
        expect(field(settingsFor(one, list))).toEqual(plainly(one, list));
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order in which the entries were written', () => {
    fc.assert(
      fc.property(
        entries.chain(({ instance: one, entries: list }) =>
          fc.record({
            one: fc.constant(one),
            list: fc.constant(list),
            shuffled: fc.shuffledSubarray(list, { minLength: list.length }),
          }),
        ),
        ({ one, list, shuffled }) => {
          expect(field(settingsFor(one, shuffled))).toEqual(field(settingsFor(one, list)));
        },
      ),
    );
  });
});

describe('A selector', () => {
  it('comes back from its name, and has one name only', () => {
    fc.assert(
      fc.property(selector(instance), (one) => {
        expect(parseSelector(selectorName(one))).toEqual(one);
      }),
    );
    expect(selectorName(parseSelector('share:0.0500')!)).toBe('share:0.05');
  });

  it.each(['', 'ALL', 'share:0', 'share:0.0', 'share:1', 'share:1.5', 'share:.5', 'share:-0.5', 'share:0.1234567'])(
    'is not %j',
    (text) => {
      expect(parseSelector(text)).toBeUndefined();
    },
  );

  it('takes about the share of the instances that it says, and a greater share holds a smaller one', () => {
    const ids = fc.sample(instance, { numRuns: 4_000, seed: 7 });
    const taken = (share: number) => ids.filter((id) => selects({ kind: 'share', share }, id));
    for (const share of [0.05, 0.2, 0.5]) expect(taken(share).length / ids.length).toBeCloseTo(share, 1);
    expect(taken(0.05).every((id) => instancePoint(id) < 0.2)).toBe(true);
    // Ids that differ in one place lie far apart: a share is no range of ids.
    const near = Array.from({ length: 1_000 }, (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`);
    expect(near.filter((id) => instancePoint(id) < 0.2).length / 1_000).toBeCloseTo(0.2, 1);
  });
});

it('knows every policy that a cache has', () => {
  expect([...EVICTION_SETTINGS].sort()).toEqual([...POLICY_NAMES, 'adaptive'].sort());
});
