import { expect } from '@jest/globals';
import { FencedError } from '../errors.js';
import { bytes, text, type ContractRun } from './harness.js';

export function fencingContract(run: ContractRun): void {
  run('refuses every write of a writer whose scope was opened again', async ({ store, scope, another }) => {
    const old = await store.open(scope);
    await old.put('key', bytes('old'));
    const current = await (await another()).open(scope);
    expect(current.epoch).toBeGreaterThan(old.epoch);
    for (const attempt of [
      () => old.put('key', bytes('late')),
      () => old.compareAndSet('key', undefined, bytes('late')),
      () => old.delete('key'),
      () => old.putAll([{ key: 'key', value: bytes('late') }]),
    ])
      await expect(attempt()).rejects.toBeInstanceOf(FencedError);
    expect(text((await store.get(scope, 'key'))?.value)).toBe('old');
    await current.put('key', bytes('new'));
    expect(text((await store.get(scope, 'key'))?.value)).toBe('new');
  });

  run('fences a writer of the same store as well, and no other scope', async ({ store, scope }) => {
    const old = await store.open(scope);
    const neighbour = await store.open(`${scope}-neighbour`);
    await store.open(scope);
    await expect(old.put('key', bytes('late'))).rejects.toMatchObject({ code: 'FENCED', retriable: false });
    await neighbour.put('key', bytes('fine'));
  });

  run('raises the epoch with every opening, also after all were closed', async ({ store, scope, another }) => {
    const epochs: bigint[] = [];
    for (let i = 0; i < 3; i++) {
      const writer = await store.open(scope);
      epochs.push(writer.epoch);
      expect(writer.scope).toBe(scope);
      await writer.close();
    }
    await store.close();
    epochs.push((await (await another()).open(scope)).epoch);
    for (const [index, epoch] of epochs.entries()) if (index > 0) expect(epoch).toBeGreaterThan(epochs[index - 1]!);
  });

  run('loses no acknowledged write when writers take over from each other', async ({ store, scope, another }) => {
    const stores = [store, await another(), await another()];
    let acknowledged = 0;
    for (let turn = 0; turn < 9; turn++) {
      const writer = await stores[turn % 3]!.open(scope);
      for (let i = 0; i < 3; i++) {
        const found = await stores[(turn + 1) % 3]!.get(scope, 'n');
        expect(Number(text(found?.value) ?? 0)).toBe(acknowledged);
        const result = await writer.compareAndSet('n', found?.version, bytes(String(acknowledged + 1)));
        expect(result.ok).toBe(true);
        acknowledged += 1;
      }
    }
  });
}
