import { expect } from '@jest/globals';
import { bytes, text, type ContractRun } from './harness.js';

const MAX_VALUE_BYTES = 256 * 1024;

export function writeContract(run: ContractRun): void {
  run('writes by compare-and-set only what was expected to be there', async ({ store, scope }) => {
    const writer = await store.open(scope);
    expect(await store.get(scope, 'key')).toBeUndefined();
    const created = await writer.compareAndSet('key', undefined, bytes('one'));
    if (!created.ok) throw new Error('A key that does not exist can be created.');
    expect(await writer.compareAndSet('key', undefined, bytes('again'))).toEqual({
      ok: false,
      conflict: { value: bytes('one'), version: created.version },
    });
    const changed = await writer.compareAndSet('key', created.version, bytes('two'));
    if (!changed.ok) throw new Error('A key at the expected version can be changed.');
    expect(changed.version).toBeGreaterThan(created.version);
    expect(await writer.compareAndSet('key', created.version, bytes('stale'))).toMatchObject({ ok: false });
    expect(await store.get(scope, 'key')).toEqual({ value: bytes('two'), version: changed.version });
    expect(await writer.compareAndSet('other', changed.version, bytes('three'))).toEqual({
      ok: false,
      conflict: undefined,
    });
  });

  run('lets one of many compare-and-sets at once through', async ({ store, scope }) => {
    const writer = await store.open(scope);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) => writer.compareAndSet('key', undefined, bytes(String(i)))),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(text((await store.get(scope, 'key'))?.value)).toBe(String(results.findIndex(({ ok }) => ok)));
  });

  run('puts whatever is there, deletes what is there, and lets versions only grow', async ({ store, scope }) => {
    const writer = await store.open(scope);
    const first = await writer.put('key', bytes('one'));
    const second = await writer.put('key', bytes('two'));
    expect(await writer.delete('key')).toBe(true);
    expect(await writer.delete('key')).toBe(false);
    expect(await store.get(scope, 'key')).toBeUndefined();
    const third = await writer.put('key', bytes('three'));
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    // A version from before the deletion must not match what was written after it.
    expect(await writer.compareAndSet('key', second, bytes('stale'))).toMatchObject({ ok: false });
  });

  run('writes several entries, all or none', async ({ store, scope }) => {
    const writer = await store.open(scope);
    await writer.putAll([
      { key: 'a', value: bytes('1') },
      { key: 'b', value: bytes('2') },
    ]);
    await writer.putAll([]);
    await expect(
      writer.putAll([
        { key: 'a', value: bytes('changed') },
        { key: 'c', value: new Uint8Array(MAX_VALUE_BYTES + 1) },
      ]),
    ).rejects.toMatchObject({ code: 'STATE_TOO_LARGE', retriable: false });
    expect((await store.list(scope)).map(({ key, value }) => [key, text(value)])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    await writer.putAll([
      { key: 'a', value: undefined },
      { key: 'never there', value: undefined },
      { key: 'c', value: bytes('3') },
    ]);
    expect((await store.list(scope)).map(({ key }) => key)).toEqual(['b', 'c']);
  });

  run('shows readers of several entries all of a write or nothing of it', async ({ store, scope, another }) => {
    const writer = await store.open(scope);
    const reader = await another();
    await writer.putAll(['a', 'b', 'c'].map((key) => ({ key, value: bytes('0') })));
    const over = new AbortController();
    const writes = (async () => {
      for (let i = 1; i <= 30; i++)
        await writer.putAll(['a', 'b', 'c'].map((key) => ({ key, value: bytes(String(i)) })));
      over.abort();
    })();
    while (!over.signal.aborted) {
      const values = (await reader.list(scope)).map(({ value }) => text(value));
      expect(values).toHaveLength(3);
      expect(new Set(values).size).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writes;
  });

  run('lists keys by prefix, in the order of their bytes, and scopes apart', async ({ store, scope }) => {
    const writer = await store.open(scope);
    const other = await store.open(`${scope}2`);
    // U+FF61 sorts after U+1F418 in UTF-16 and before it in UTF-8.
    const keys = ['b', 'a/2', 'a/1', 'a/10', 'a', 'é', '\u{1F418}', '\uFF61', 'A'];
    await writer.putAll(keys.map((key) => ({ key, value: bytes(key) })));
    await other.put('a/elsewhere', bytes('x'));
    const listed = async (prefix?: string) => (await store.list(scope, prefix)).map(({ key }) => key);
    expect(await listed()).toEqual(['A', 'a', 'a/1', 'a/10', 'a/2', 'b', 'é', '\uFF61', '\u{1F418}']);
    expect(await listed('a/')).toEqual(['a/1', 'a/10', 'a/2']);
    expect(await listed('a/1')).toEqual(['a/1', 'a/10']);
    expect(await listed('zzz')).toEqual([]);
    expect((await store.list(`${scope}2`)).map(({ key }) => key)).toEqual(['a/elsewhere']);
    for (const { key, value, version } of await store.list(scope))
      expect(await store.get(scope, key)).toEqual({ value: bytes(key), version, ...(value && {}) });
  });

  run('keeps values of every length up to 256 KiB, byte by byte', async ({ store, scope }) => {
    const writer = await store.open(scope);
    for (const length of [0, 1, 255, 4_096, MAX_VALUE_BYTES]) {
      const value = Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff);
      const version = await writer.put('key', value);
      const found = await store.get(scope, 'key');
      expect(found?.version).toBe(version);
      expect(Buffer.compare(found!.value, value)).toBe(0);
    }
    await expect(writer.put('key', new Uint8Array(MAX_VALUE_BYTES + 1))).rejects.toMatchObject({
      code: 'STATE_TOO_LARGE',
    });
  });

  run('takes bytes as they were at the call, and hands out the receiver its own', async ({ store, scope }) => {
    const writer = await store.open(scope);
    const value = bytes('before');
    const written = writer.put('key', value);
    value.fill(0);
    await written;
    const found = await store.get(scope, 'key');
    expect(text(found?.value)).toBe('before');
    found!.value.fill(0);
    expect(text((await store.get(scope, 'key'))?.value)).toBe('before');
  });

  run(
    'shows another store every write that was acknowledged, also after the writer is gone',
    async ({ store, scope, another }) => {
      const reader = await another();
      const writer = await store.open(scope);
      for (let i = 0; i < 20; i++) {
        const version = await writer.put('key', bytes(String(i)));
        expect(await reader.get(scope, 'key')).toEqual({ value: bytes(String(i)), version });
      }
      await store.close();
      const later = await another();
      expect(text((await later.get(scope, 'key'))?.value)).toBe('19');
      expect(await (await later.open(scope)).put('key', bytes('20'))).toEqual(expect.any(BigInt));
    },
  );

  run('refuses everything once it is closed', async ({ store, scope }) => {
    const writer = await store.open(scope);
    await writer.put('key', bytes('one'));
    const closing = await store.open(`${scope}2`);
    await closing.close();
    await expect(closing.put('key', bytes('x'))).rejects.toMatchObject({ code: 'STATE_CLOSED' });
    await store.close();
    await store.close();
    await expect(store.get(scope, 'key')).rejects.toMatchObject({ code: 'STATE_CLOSED' });
    await expect(store.list(scope)).rejects.toMatchObject({ code: 'STATE_CLOSED' });
    await expect(store.open(scope)).rejects.toMatchObject({ code: 'STATE_CLOSED' });
    await expect(writer.put('key', bytes('x'))).rejects.toMatchObject({ code: 'STATE_CLOSED' });
  });
}
