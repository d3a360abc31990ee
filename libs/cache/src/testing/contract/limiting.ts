import assert from 'node:assert/strict';
import type { Tier, TierLimits } from '../../tier/tier.js';
import { AMPLE, anEntry, keysOf, KIB, MIB, until, valueOf, type Run } from './subject.js';

export function limiting(run: Run, limits: readonly (keyof TierLimits)[]): void {
  const within = (tier: Tier, { maxBytes, maxEntries }: TierLimits) => {
    const usage = tier.usage();
    if (maxBytes !== undefined) assert.ok(usage.bytes! <= maxBytes, `${usage.bytes} bytes of ${maxBytes}`);
    if (maxEntries !== undefined) assert.ok(usage.entries! <= maxEntries, `${usage.entries} entries of ${maxEntries}`);
  };

  if (limits.includes('maxEntries'))
    run('holds no more entries than it may, and counts what it evicts', async ({ open }) => {
      const maxEntries = 100;
      const { tier, recorder } = await open({ ...AMPLE, maxEntries });
      assert.equal(tier.usage().maxEntries, maxEntries);
      for (let i = 0; i < 350; i++) {
        assert.equal(await tier.set(`key-${i}`, anEntry(i)), true);
        within(tier, { maxEntries });
      }
      assert.ok(tier.usage().entries! >= 90);
      await until(() => recorder.count('evicted') === 350 - tier.usage().entries!);
    });

  if (limits.includes('maxBytes')) {
    run('holds no more bytes than it may, and uses them', async ({ open }) => {
      const maxBytes = 2 * MIB;
      const { tier, recorder } = await open({ ...AMPLE, maxBytes });
      assert.equal(tier.usage().maxBytes, maxBytes);
      for (let i = 0; i < 600; i++) {
        assert.equal(await tier.set(`key-${i}`, anEntry('x'.repeat(100 * (i % 200)))), true);
        within(tier, { maxBytes });
      }
      assert.ok(tier.usage().bytes! >= 0.8 * maxBytes);
      await until(() => recorder.count('evicted') === 600 - tier.usage().entries!);
    });

    run('refuses what is larger than all it may hold, and has no older entry of the key either', async ({ open }) => {
      const { tier, recorder } = await open({ ...AMPLE, maxBytes: 64 * KIB });
      await tier.set('other', anEntry('stays'));
      await tier.set('key', anEntry('small'));
      assert.equal(await tier.set('key', anEntry('x'.repeat(100 * KIB))), false);
      assert.equal(await tier.get('key'), undefined);
      assert.equal(recorder.count('rejected'), 1);
      assert.equal(recorder.count('evicted'), 0);
      assert.equal(await valueOf(tier, 'other'), 'stays');
    });

    run('holds nothing when it may hold no byte, and says so', async ({ open }) => {
      const { tier } = await open({ ...AMPLE, maxBytes: 0 });
      assert.equal(await tier.set('key', anEntry(1)), false);
      assert.equal(await tier.get('key'), undefined);
      assert.deepEqual(await keysOf(tier), []);
    });
  }

  run('shrinks while it runs, and grows again', async ({ open }) => {
    const { tier, recorder } = await open();
    for (let i = 0; i < 1_000; i++) await tier.set(`key-${i}`, anEntry('x'.repeat(500)));
    const { bytes = 0 } = tier.usage();
    const smaller: TierLimits = limits.includes('maxEntries')
      ? { maxEntries: 100 }
      : { maxBytes: Math.ceil(bytes / 10) };
    await tier.resize(smaller);
    within(tier, smaller);
    const left = await keysOf(tier);
    assert.ok(left.length >= 50 && left.length <= 150, `${left.length} entries are left`);
    assert.equal(recorder.count('evicted'), 1_000 - left.length);
    for (const key of left) assert.equal(await valueOf(tier, key), 'x'.repeat(500));
    await tier.set('more', anEntry('more'));
    within(tier, smaller);

    await tier.resize(limits.includes('maxEntries') ? { maxEntries: 2_000 } : { maxBytes: 10 * bytes });
    for (let i = 0; i < 1_000; i++) await tier.set(`again-${i}`, anEntry('x'.repeat(500)));
    assert.ok((await keysOf(tier)).length >= 1_000);
    const usage = tier.usage();
    if (limits.includes('maxEntries')) assert.equal(usage.maxEntries, 2_000);
    if (limits.includes('maxBytes') && limits.includes('maxEntries')) assert.equal(usage.maxBytes, AMPLE.maxBytes);
  });
}
