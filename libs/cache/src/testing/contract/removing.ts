import assert from 'node:assert/strict';
import type { RemovalCause } from '#libs/contracts';
import type { Selection } from '../../tier/tier.js';
import { library } from './library.js';
import { anEntry, keysOf, valueOf, type Run } from './subject.js';

/** Each kind of selection, with the keys of `library` that it is for. */
const SELECTIONS: readonly [string, Selection, readonly string[]][] = [
  ['a key', { key: 'book:1' }, ['book:1']],
  ['a key that is not there', { key: 'book:9' }, []],
  ['a tag', { tag: 'red' }, ['book:1', 'film:1']],
  ['a tag that nothing has', { tag: 're' }, []],
  ['a prefix', { prefix: 'book:' }, ['book:1', 'book:2', 'book:22']],
  ['a prefix that is a key', { prefix: 'book:2' }, ['book:2', 'book:22']],
  ['a prefix that nothing has', { prefix: 'ook' }, []],
  ['the empty prefix', { prefix: '' }, ['book:1', 'book:2', 'book:22', 'film:1', 'song']],
  [
    'a predicate',
    { where: (key, { version }) => key.endsWith('1') || version === 'v2' },
    ['book:1', 'book:2', 'film:1'],
  ],
  ['everything', { all: true }, ['book:1', 'book:2', 'book:22', 'film:1', 'song']],
];

export function removing(run: Run): void {
  for (const [what, selection, gone] of SELECTIONS)
    run(`removes ${what}, having said in a dry run what it will`, async ({ open }) => {
      const { tier, recorder } = await open();
      const keys = [...(await library(tier)).keys()].sort();
      const cause: RemovalCause = 'all' in selection ? 'cleared' : 'invalidated';

      const before = tier.usage();
      const would = await tier.remove(selection, { cause, dryRun: true });
      assert.equal(would.entries, gone.length);
      assert.deepEqual(await keysOf(tier), keys);
      assert.equal(recorder.count(cause), 0);

      const did = await tier.remove(selection, { cause });
      assert.deepEqual(did, would);
      assert.deepEqual(
        await keysOf(tier),
        keys.filter((key) => !gone.includes(key)),
      );
      for (const key of keys) assert.equal((await tier.get(key)) === undefined, gone.includes(key));
      assert.deepEqual([...recorder.removals], gone.length === 0 ? [] : [[cause, gone.length]]);

      const after = tier.usage();
      if (after.entries !== undefined) assert.equal(before.entries! - after.entries, gone.length);
      if (after.bytes !== undefined && did.bytes !== undefined) assert.equal(before.bytes! - after.bytes, did.bytes);
      assert.equal((await tier.remove(selection, { cause })).entries, 0);
    });

  run('counts a removal under the cause it was given', async ({ open }) => {
    const { tier, recorder } = await open();
    for (const cause of ['expired', 'invalidated', 'cleared'] as const) {
      await tier.set('key', anEntry(1));
      await tier.remove({ key: 'key' }, { cause });
      assert.equal(recorder.count(cause), 1);
    }
  });

  run('forgets the tags of an entry that was replaced', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1, { tags: ['old', 'both'] }));
    await tier.set('key', anEntry(2, { tags: ['new', 'both'] }));
    assert.equal((await tier.remove({ tag: 'old' }, { cause: 'invalidated' })).entries, 0);
    assert.equal(await valueOf(tier, 'key'), 2);
    for (const tag of ['new', 'both'])
      assert.equal((await tier.remove({ tag }, { cause: 'invalidated', dryRun: true })).entries, 1);
    assert.equal((await tier.remove({ tag: 'both' }, { cause: 'invalidated' })).entries, 1);
    assert.equal((await tier.remove({ tag: 'new' }, { cause: 'invalidated' })).entries, 0);
  });

  run('counts an entry once that has one tag twice', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1, { tags: ['t', 't'] }));
    assert.equal((await tier.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    assert.equal(await tier.get('key'), undefined);
  });

  run('rejects when a predicate throws, and goes on', async ({ open }) => {
    const { tier } = await open();
    await tier.set('key', anEntry(1));
    const where = () => {
      throw new RangeError('no');
    };
    await assert.rejects(tier.remove({ where }, { cause: 'invalidated' }), /no/);
    assert.equal(await valueOf(tier, 'key'), 1);
    assert.equal(await tier.set('other', anEntry(2)), true);
  });
}
