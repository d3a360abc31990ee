import assert from 'node:assert/strict';
import type { Selection, TierLock } from '../../tier/tier.js';
import type { TierTraits } from '../tier-contract.js';
import { isSelected } from './is-selected.js';
import { AMPLE, anEntry, clock, keysOf, sameEntry, until, valueOf, type Run } from './subject.js';

/** For what a kind of tier does not promise. */
const runNothing: Run = () => {
  // Its traits say that it has none of it.
};

export function sharing(run: Run, traits: TierTraits): void {
  run('does not show one cache what another one has', async ({ open }) => {
    const { tier: first } = await open(AMPLE, 'first');
    const { tier: second } = await open(AMPLE, 'second');
    await first.set('key', anEntry(1, { tags: ['t'] }));
    assert.equal(await second.get('key'), undefined);
    await second.set('key', anEntry(2, { tags: ['t'] }));
    assert.equal((await first.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    assert.equal(await valueOf(second, 'key'), 2);
    assert.deepEqual(await keysOf(first), []);
    await first.set('other', anEntry(3));
    assert.equal((await second.remove({ all: true }, { cause: 'cleared' })).entries, 1);
    assert.equal(await valueOf(first, 'other'), 3);
    if (first.usage().entries !== undefined) assert.equal(first.usage().entries, 1);
  });

  run('has what it says it has', async ({ open }) => {
    const { tier } = await open();
    assert.equal(tier.shared, traits.shared ?? false);
    assert.equal(tier.lock !== undefined, traits.locks ?? false);
    assert.equal(tier.onRemoved !== undefined, traits.tellsRemoved ?? false);
  });

  const runShared = traits.shared === true ? run : runNothing;
  runShared('shows another instance what it wrote and removed', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const entry = anEntry('seen', { version: 'v', tags: ['t'], freshMs: 60_000 });
    await one.set('key', entry);
    sameEntry(await other.get('key'), entry, traits);
    await other.set('key', anEntry('replaced'));
    assert.equal(await valueOf(one, 'key'), 'replaced');
    await one.remove({ key: 'key' }, { cause: 'invalidated' });
    assert.equal(await other.get('key'), undefined);
    await other.set('a', anEntry(1));
    await other.set('b', anEntry(2));
    assert.equal((await one.remove({ all: true }, { cause: 'cleared' })).entries, 2);
    assert.deepEqual(await other.getMany(['a', 'b']), [undefined, undefined]);
  });

  const runLocking = traits.locks === true ? run : runNothing;
  runLocking('locks a key for one at a time', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const { tier: elsewhere } = await open(AMPLE, 'elsewhere');
    const lock = await one.lock!('key', 60_000);
    assert.ok(lock !== undefined);
    assert.equal(await other.lock!('key', 60_000), undefined);
    assert.equal(await one.lock!('key', 60_000), undefined);
    for (const unrelated of [await other.lock!('another key', 60_000), await elsewhere.lock!('key', 60_000)]) {
      assert.ok(unrelated !== undefined);
      await unrelated.end();
    }
    await lock.end();
    const next = await other.lock!('key', 60_000);
    assert.ok(next !== undefined);
    // Once more ends nothing: the lock is another one's now.
    await lock.end();
    assert.equal(await one.lock!('key', 60_000), undefined);
    await next.end();
  });

  runLocking('lets go of a lock when its time is over, and of no later one then', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const late = await one.lock!('key', 30);
    assert.ok(late !== undefined);
    let next: TierLock | undefined;
    await until(async () => (next = await other.lock!('key', 60_000)) !== undefined);
    await late.end();
    assert.equal(await one.lock!('key', 60_000), undefined);
    await next!.end();
  });

  runLocking(
    'keeps a lock that is renewed, for as long as was said last, and says when it has ended',
    async ({ open }) => {
      const { tier: one } = await open();
      const { tier: other } = await open();
      const lock = await one.lock!('key', 1_000);
      assert.ok(lock !== undefined);
      assert.equal(await lock.renew(60_000), true);
      const past = clock.monotonic() + 1_200;
      await until(async () => clock.monotonic() > past);
      assert.equal(await other.lock!('key', 60_000), undefined);
      assert.equal(await lock.renew(30), true);
      let next: TierLock | undefined;
      await until(async () => (next = await other.lock!('key', 60_000)) !== undefined);
      assert.equal(await lock.renew(60_000), false);
      await lock.end();
      assert.equal(await one.lock!('key', 60_000), undefined);
      await next!.end();
      assert.equal(await next!.renew(60_000), false);
    },
  );

  const runTelling = traits.tellsRemoved === true ? run : runNothing;
  runTelling('tells another instance what was removed or overwritten', async ({ open }) => {
    const { tier: one } = await open();
    const { tier: other } = await open();
    const heard: Selection[] = [];
    other.onRemoved!((selection) => void heard.push(selection));
    await one.set('key', anEntry(1, { tags: ['t'] }));
    await one.set('kept', anEntry(1));
    const tells = (key: string, tags: readonly string[]) =>
      until(() => heard.some((selection) => isSelected(selection, key, tags)));
    await one.set('key', anEntry(2, { tags: ['t'] }));
    await tells('key', ['t']);
    // In order: when the last is heard, none of those before is still to come.
    await one.set('last', anEntry(1));
    await one.set('last', anEntry(2));
    await tells('last', []);
    heard.length = 0;
    await one.remove({ key: 'key' }, { cause: 'invalidated' });
    await tells('key', ['t']);
    assert.ok(!heard.some((selection) => isSelected(selection, 'kept', [])));
    await one.set('key', anEntry(3, { tags: ['t'] }));
    heard.length = 0;
    await one.remove({ tag: 't' }, { cause: 'invalidated' });
    await tells('key', ['t']);
    assert.ok(!heard.some((selection) => isSelected(selection, 'kept', [])));
    heard.length = 0;
    await one.remove({ all: true }, { cause: 'cleared' });
    await tells('kept', []);
  });

  if (traits.countsReplaced !== false)
    run('counts what a write replaced', async ({ open }) => {
      const { tier, recorder } = await open();
      for (let i = 0; i < 3; i++) await tier.set('key', anEntry(i));
      assert.equal(recorder.count('replaced'), 2);
      assert.equal(await valueOf(tier, 'key'), 2);
    });
}
