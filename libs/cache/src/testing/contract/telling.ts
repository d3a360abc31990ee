import assert from 'node:assert/strict';
import type { EntryInfo } from '../../tier/tier.js';
import { library } from './library.js';
import { anEntry, keysOf, sameEntry, type Run } from './subject.js';

export function telling(run: Run): void {
  run('tells of every entry all but its value', async ({ open }) => {
    const { tier } = await open();
    const entries = await library(tier);
    const told = new Map<string, EntryInfo>();
    for await (const info of tier.entries()) {
      assert.ok(!told.has(info.key), `${info.key} comes twice`);
      told.set(info.key, info);
    }
    assert.deepEqual([...told.keys()].sort(), [...entries.keys()].sort());
    for (const [key, entry] of entries) {
      const info = told.get(key)!;
      assert.equal(info.tier, tier.name);
      assert.equal(info.pinned, false);
      assert.ok(!('value' in info));
      sameEntry({ ...entry, ...info, value: entry.value }, entry, {});
      assert.equal(info.negative, entry.negative);
      if (tier.usage().bytes !== undefined) assert.ok(info.bytes > 0);
    }
    if (tier.usage().bytes !== undefined)
      assert.equal(
        [...told.values()].reduce((sum, { bytes }) => sum + bytes, 0),
        tier.usage().bytes,
      );
  });

  run('says what keeps an entry, if it says so of any, with the bytes that it counts', async ({ open }) => {
    const { tier } = await open();
    await library(tier);
    for await (const { key, bytes } of tier.entries()) {
      const stay = await tier.explain?.(key);
      if (tier.explain === undefined) continue;
      assert.ok(stay !== undefined, `${key} is not explained`);
      assert.ok(stay.because.length > 0);
      if (tier.usage().bytes !== undefined) assert.equal(stay.bytes, bytes);
    }
    assert.equal(await tier.explain?.('nothing'), undefined);
    assert.equal(await tier.explain?.('book:'), undefined);
  });

  run('goes on telling of entries while they change', async ({ open }) => {
    const { tier } = await open();
    for (let i = 0; i < 300; i++) await tier.set(`key-${i}`, anEntry(i));
    const seen = new Set<string>();
    for await (const { key } of tier.entries()) {
      seen.add(key);
      if (seen.size === 10) await tier.remove({ prefix: 'key-1' }, { cause: 'invalidated' });
      if (seen.size === 20) await tier.set('late', anEntry('late'));
    }
    for (let i = 0; i < 300; i++) if (!`${i}`.startsWith('1')) assert.ok(seen.has(`key-${i}`), `key-${i} was left out`);
  });

  run('counts what it holds', async ({ open }) => {
    const { tier, recorder } = await open();
    await library(tier);
    const { entries, bytes } = tier.usage();
    if (entries !== undefined) assert.equal(entries, 5);
    if (bytes !== undefined) assert.ok(bytes > 20_000);
    if (recorder.gauges !== undefined) {
      assert.equal(recorder.gauges.entries, entries);
      assert.equal(recorder.gauges.bytes, bytes);
    }
    await tier.remove({ all: true }, { cause: 'cleared' });
    if (entries !== undefined) assert.equal(tier.usage().entries, 0);
    if (bytes !== undefined) assert.equal(tier.usage().bytes, 0);
  });

  run('finds nothing wrong with what is sound', async ({ open }) => {
    const { tier, problems } = await open();
    await library(tier);
    await tier.set('book:1', anEntry('again', { tags: ['green'] }));
    await tier.remove({ tag: 'blue' }, { cause: 'invalidated' });
    await tier.set('k'.repeat(5_000), anEntry('long', { tags: ['green'], freshMs: 60_000 }));
    for (const repair of [false, true]) {
      const found = [];
      for await (const problem of tier.verify({ repair })) found.push(problem);
      assert.deepEqual(found, []);
    }
    assert.equal((await keysOf(tier)).length, 5);
    assert.deepEqual(problems, []);
  });
}
