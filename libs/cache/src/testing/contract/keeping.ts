import assert from 'node:assert/strict';
import { canonical } from '../canonical.js';
import type { Entry } from '../../tier/tier.js';
import type { TierTraits } from '../tier-contract.js';
import { anEntry, clock, keysOf, MIB, sameEntry, valueOf, type Run } from './subject.js';

const JSON_VALUES: readonly unknown[] = [
  '',
  'text',
  'ünïcödé 🎈 \u0000 \u2028',
  0,
  -1.5,
  Number.MAX_SAFE_INTEGER,
  true,
  false,
  null,
  [],
  [1, [2, ['three', null]]],
  {},
  { a: { b: { c: [1, 2, { d: 'deep' }] } }, 'odd key': 1 },
  'x'.repeat(300_000),
  Array.from({ length: 2_000 }, (_, i) => ({ i, text: `number ${i}` })),
];

const STRUCTURED_VALUES: readonly unknown[] = [
  ...JSON_VALUES,
  -0,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  2n ** 80n,
  new Date(Date.UTC(2026, 10, 25)),
  new Map<unknown, unknown>([
    ['a', 1],
    [2, new Map([['nested', new Set(['x', 'y'])]])],
  ]),
  new Set([1, 'two', null]),
  Uint8Array.from({ length: 1_000 }, (_, i) => i & 0xff),
  new Uint8Array(0),
  Float64Array.of(Math.PI, Number.NaN, -0),
  { bytes: Uint8Array.of(0, 255), when: new Date(0), list: [new Map([[1, 2]])] },
];

const ODD_KEYS = [
  'a',
  'ab',
  'a\u0000',
  'a\u0000b',
  ' ',
  '\u0001',
  '\u0002sparts\u0000',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  'a/b\\c:d*e?f',
  'ключ 🎈',
  // Half a surrogate pair, twice: no UTF-8 has them, and they differ.
  'half \ud83c',
  'half \udf88',
  '\uffff',
];

export function keeping(run: Run, traits: TierTraits): void {
  run('has nothing of what was not set', async ({ open }) => {
    const { tier } = await open();
    assert.equal(await tier.get('nothing'), undefined);
    assert.deepEqual(await tier.getMany([]), []);
    assert.deepEqual(await tier.getMany(['a', 'b']), [undefined, undefined]);
    assert.deepEqual(await keysOf(tier), []);
  });

  run('gives back values of every kind', async ({ open }) => {
    const { tier } = await open();
    const values = traits.values === 'json' ? JSON_VALUES : STRUCTURED_VALUES;
    for (const [i, value] of values.entries()) assert.equal(await tier.set(`value-${i}`, anEntry(value)), true);
    for (const [i, value] of values.entries())
      assert.equal(canonical(await valueOf(tier, `value-${i}`)), canonical(value));
  });

  run('gives back everything that was said of an entry', async ({ open }) => {
    const { tier } = await open();
    const entries: Entry[] = [
      anEntry('plain'),
      anEntry('full', {
        freshMs: 61_234,
        staleMs: 99_876,
        revalidateMs: 0,
        version: 'W/"etag ü"',
        tags: ['one', 'two words', 'ü'],
        loadMs: 12.5,
      }),
      anEntry(undefined, { negative: true, freshMs: 5_000 }),
      anEntry(undefined, { negative: true, version: 'v', tags: ['gone'] }),
      anEntry('empty texts', { version: '', tags: [''] }),
      anEntry('no tags', { tags: [] }),
      anEntry('older', { storedAt: clock.now() - 3_000, freshMs: 60_000 }),
    ];
    for (const [i, entry] of entries.entries()) assert.equal(await tier.set(`entry-${i}`, entry), true);
    for (const [i, entry] of entries.entries()) sameEntry(await tier.get(`entry-${i}`), entry, traits);
  });

  run('tells odd keys apart', async ({ open }) => {
    const { tier } = await open();
    for (const key of ODD_KEYS) assert.equal(await tier.set(key, anEntry(`of ${canonical(key)}`)), true);
    for (const key of ODD_KEYS) assert.equal(await valueOf(tier, key), `of ${canonical(key)}`);
    assert.deepEqual(await keysOf(tier), [...ODD_KEYS].sort());
    for (const key of ODD_KEYS) {
      assert.equal((await tier.remove({ key }, { cause: 'invalidated' })).entries, 1);
      assert.equal(await tier.get(key), undefined);
    }
    assert.deepEqual(await keysOf(tier), []);
  });

  run('takes keys of 1 MB, and tells them apart by their last character', async ({ open }) => {
    const { tier } = await open();
    const long = 'k'.repeat(MIB - 1);
    const keys = [`${long}a`, `${long}b`, long.slice(0, 3_000), long.slice(0, 2_000), long.slice(0, 1_000)];
    for (const key of keys) assert.equal(await tier.set(key, anEntry(key.length)), true);
    for (const key of keys) assert.equal(await valueOf(tier, key), key.length);
    assert.deepEqual(await keysOf(tier), [...keys].sort());
    const { entries } = await tier.remove({ prefix: long.slice(0, 2_500) }, { cause: 'invalidated' });
    assert.equal(entries, 3);
    assert.deepEqual(await keysOf(tier), [long.slice(0, 1_000), long.slice(0, 2_000)]);
    await tier.remove({ key: long.slice(0, 2_000) }, { cause: 'invalidated' });
    assert.deepEqual(await keysOf(tier), [long.slice(0, 1_000)]);
  });

  run('answers many keys in their order, one more than once', async ({ open }) => {
    const { tier } = await open();
    for (let i = 0; i < 50; i++) await tier.set(`key-${i}`, anEntry(i));
    const asked = ['key-49', 'missing', 'key-0', 'key-7', 'key-7', 'absent', 'key-3'];
    const answers = await tier.getMany(asked);
    assert.deepEqual(
      answers.map((entry) => entry?.value),
      [49, undefined, 0, 7, 7, undefined, 3],
    );
  });

  run('keeps an entry for the whole of its time, fresh and stale', async ({ open }) => {
    const { tier } = await open();
    const stale = anEntry('stale', { storedAt: clock.now() - 2_000, freshMs: 1_000, staleMs: 60_000 });
    await tier.set('stale', stale);
    sameEntry(await tier.get('stale'), stale, traits);
  });

  run('answers what is past its time, if at all, with that time', async ({ open }) => {
    const { tier } = await open();
    const over = anEntry('over', { storedAt: clock.now() - 60_000, freshMs: 1_000, staleMs: 1_000 });
    await tier.set('over', over);
    const found = await tier.get('over');
    if (found !== undefined) sameEntry(found, over, traits);
  });

  if (traits.values !== 'json' && traits.persistent === true)
    run(
      'refuses a value that it cannot keep, and has nothing of it, nor an older entry of the key',
      async ({ open }) => {
        const { tier } = await open();
        await tier.set('key', anEntry('older'));
        await assert.rejects(tier.set('key', anEntry({ call: () => 1 })), TypeErrorOfAnyRealm);
        assert.equal(await tier.get('key'), undefined);
        assert.equal(await tier.set('key', anEntry('newer')), true);
        assert.equal(await valueOf(tier, 'key'), 'newer');
      },
    );

  if (traits.persistent === true)
    run('holds what it was given, with all that was said of it, when it is opened again', async (subject) => {
      const { tier } = await subject.open();
      const entry = anEntry('kept', { freshMs: 60_000, staleMs: 1_000, version: 'v', tags: ['t'], loadMs: 3 });
      await tier.set('gone', anEntry('gone'));
      // Not waited for: closing does.
      void tier.set('key', entry);
      void tier.remove({ key: 'gone' }, { cause: 'invalidated' });
      const before = tier.usage();
      await subject.close(tier);
      const { tier: again } = await subject.open();
      sameEntry(await again.get('key'), entry, traits);
      assert.equal(await again.get('gone'), undefined);
      assert.deepEqual(await keysOf(again), ['key']);
      if (before.entries !== undefined) assert.equal(again.usage().entries, 1);
      assert.equal((await again.remove({ tag: 't' }, { cause: 'invalidated' })).entries, 1);
    });

  run('may be closed twice', async (subject) => {
    const { tier } = await subject.open();
    await tier.set('key', anEntry(1));
    await tier.close();
    await tier.close();
  });
}

/** `instanceof` knows the errors of one realm only. */
function TypeErrorOfAnyRealm(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'TypeError';
}
