import assert from 'node:assert/strict';
import type { RemovalCause } from '#libs/contracts';
import type { TierLimits } from '../../tier/tier.js';
import type { TierTraits } from '../tier-contract.js';
import { library } from './library.js';
import { AMPLE, anEntry, clock, keysOf, KIB, MIB, until, type Opened, type Run } from './subject.js';

/** What a tier tells of its writes, and of what leaves it: of each entry once, and under its cause. */
export function counting(run: Run, limits: readonly (keyof TierLimits)[], traits: TierTraits): void {
  run('tells what each entry takes that it kept, if it counts bytes', async ({ open }) => {
    const { tier, recorder } = await open({ ...AMPLE, maxBytes: MIB });
    await library(tier);
    const told = [...recorder.writeSizes].sort((a, b) => a - b);
    const bytes: number[] = [];
    for await (const info of tier.entries()) bytes.push(info.bytes);
    if (tier.usage().bytes === undefined) {
      assert.deepEqual(told, []);
      return;
    }
    assert.deepEqual(
      told,
      bytes.sort((a, b) => a - b),
    );
    // Once more for what is written again; nothing for what is refused.
    await tier.set('song', anEntry('la'));
    assert.equal(recorder.writeSizes.length, 6);
    if (limits.includes('maxBytes')) assert.equal(await tier.set('song', anEntry('x'.repeat(2 * MIB))), false);
    assert.equal(recorder.writeSizes.length, 6);
  });

  run('tells the causes apart for which entries leave, and each entry that left once', async ({ open }) => {
    const { tier, recorder } = await open({ maxBytes: 512 * KIB, maxEntries: 40 });
    const expected = new Map<RemovalCause, number>();
    const left = (cause: RemovalCause, count: number) => {
      expected.set(cause, (expected.get(cause) ?? 0) + count);
      assert.deepEqual(sorted(recorder.removals), sorted(expected));
    };
    let written = 0;
    const set = async (key: string, rest = {}, value: unknown = key) => {
      assert.equal(await tier.set(key, anEntry(value, rest)), true);
      written++;
    };

    for (const key of ['one', 'a', 'b', 'c', 'one']) await set(key, { tags: key === 'one' ? [] : ['t'] });
    if (traits.countsReplaced !== false) left('replaced', 1);
    await tier.remove({ key: 'one' }, { cause: 'invalidated' });
    left('invalidated', 1);
    await tier.remove({ tag: 't' }, { cause: 'invalidated' });
    left('invalidated', 3);

    if (traits.expires !== false) {
      for (let i = 0; i < 5; i++) await set(`short-${i}`, { freshMs: 20, staleMs: 10 });
      await until(() => recorder.count('expired') >= 5);
      left('expired', 5);
    }
    if (limits.includes('maxBytes')) {
      assert.equal(await tier.set('large', anEntry('x'.repeat(MIB))), false);
      left('rejected', 1);
      await set('grows');
      assert.equal(await tier.set('grows', anEntry('x'.repeat(MIB))), false);
      expected.set('rejected', 2);
      if (traits.countsReplaced !== false) left('replaced', 1);
    }
    for (let i = 0; i < 60; i++) await set(`many-${i}`);
    const held = (await keysOf(tier)).length;
    if (limits.includes('maxEntries')) {
      assert.ok(held <= 40 && held >= 30, `${held} are held`);
      left('evicted', 60 - held);
    }
    assert.equal((await tier.remove({ all: true }, { cause: 'cleared' })).entries, held);
    left('cleared', held);

    const gone = [...recorder.removals].filter(([cause]) => cause !== 'rejected');
    if (traits.countsReplaced !== false)
      assert.equal(
        gone.reduce((sum, [, count]) => sum + count, 0),
        written,
      );
  });

  if (!limits.includes('maxEntries')) return;

  run('tells how old each entry was that it evicted, if it sees which', async ({ open }) => {
    const { tier, recorder } = await open({ ...AMPLE, maxEntries: 50 });
    for (let i = 0; i < 80; i++) await tier.set(`key-${i}`, anEntry(i, { storedAt: clock.now() - 5_000 }));
    await tier.resize({ maxEntries: 20 });
    await until(() => recorder.count('evicted') === 60);
    const ages = recorder.timesToEviction;
    assert.equal(ages.length, tier.ghostHits === undefined ? 0 : 60);
    for (const age of ages) assert.ok(age >= 4_900 && age < 60_000, `${age} ms`);
  });

  run('knows of what it evicted, if it sees which, that twice the size would have held it', async ({ open }) => {
    const { tier } = await open({ ...AMPLE, maxEntries: 50 });
    if (tier.ghostHits === undefined) return;
    for (let i = 0; i < 80; i++) await tier.set(`key-${i}`, anEntry(i, i % 2 === 0 ? {} : { freshMs: 60_000 }));
    assert.equal(tier.ghostHits('nothing'), 0);
    const evicted = await ghostsOf({ tier });
    assert.ok(evicted.length >= 30, `${evicted.length} are known`);
    const [again, removed, kept] = evicted as [string, string, string];
    await tier.set(again, anEntry('again'));
    assert.equal(tier.ghostHits(again), 0);

    await tier.remove({ key: removed }, { cause: 'invalidated', dryRun: true });
    assert.equal(tier.ghostHits(removed), 1);
    const removing = tier.remove({ key: removed }, { cause: 'invalidated' });
    assert.equal(tier.ghostHits(removed), 0);
    await removing;
    assert.equal(tier.ghostHits(removed), 0);

    assert.equal(tier.ghostHits(kept), 1);
    await tier.remove({ all: true }, { cause: 'cleared' });
    assert.deepEqual(await ghostsOf({ tier }), []);
  });

  run('takes what would have ended by now for no hit of a larger one', async ({ open }) => {
    const { tier } = await open({ ...AMPLE, maxEntries: 10 });
    if (tier.ghostHits === undefined) return;
    await tier.set('short', anEntry(1, { freshMs: 300 }));
    for (let i = 0; i < 15; i++) await tier.set(`key-${i}`, anEntry(i));
    assert.equal(await tier.get('short'), undefined);
    await until(() => tier.ghostHits!('short') === 0);
    assert.ok((await ghostsOf({ tier })).length >= 5);
  });
}

/** Of the keys that the tests above write, those that are missed, and that a larger tier would have held. */
async function ghostsOf({ tier }: Pick<Opened, 'tier'>): Promise<string[]> {
  const ghosts: string[] = [];
  for (let i = 0; i < 80; i++) {
    const hits = tier.ghostHits!(`key-${i}`);
    if ((await tier.get(`key-${i}`)) !== undefined) assert.equal(hits, 0);
    else if (hits > 0) ghosts.push(`key-${i}`);
  }
  return ghosts;
}

function sorted(counts: ReadonlyMap<RemovalCause, number>): [RemovalCause, number][] {
  return [...counts].filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}
