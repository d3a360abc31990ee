import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disk } from './disk/index.js';
import { createCache, memory } from './index.js';

const path = mkdtempSync(join(tmpdir(), 'cache-on-disk-'));
afterAll(() => rmSync(path, { recursive: true, force: true }));

interface Book {
  readonly title: string;
  readonly added: Date;
}

function open() {
  return createCache<readonly (string | number)[], Book>({
    name: 'books',
    tiers: [memory({ maxEntries: 10 }), disk({ path, maxBytes: 8 * 2 ** 20 })],
    ttl: '1h',
    staleIfError: '1h',
  });
}

it('finds in the next run what it kept in the last, with tags, namespaces and hot keys', async () => {
  const first = open();
  await first.ready();
  const book = { title: 'On Growth and Form', added: new Date(0) };
  expect(await first.getOrLoad(['book', 1], () => book, { tags: ['author:7'] })).toEqual(book);
  await first.set(['book', 2], book);
  await first.namespace('drafts').set(['book', 1], book, { tags: ['author:7'] });
  await first.close();

  const second = open();
  expect(await second.warm()).toEqual({ held: 0, loaded: 2, failed: 0 });
  expect(second.getNow(['book', 1])).toEqual(book);
  expect(await second.invalidateTag('author:7')).toMatchObject({ entries: 2 });
  expect(await second.get(['book', 1])).toBeUndefined();
  expect(await second.namespace('drafts').get(['book', 1])).toEqual(book);
  expect(await second.invalidatePrefix(['book'], { dryRun: true })).toMatchObject({ entries: 2 });
  for await (const problem of second.verify()) throw new Error(problem.message);
  await second.clear();
  await second.close();

  const third = open();
  expect(await third.namespace('drafts').get(['book', 1])).toBeUndefined();
  expect(third.stats().tiers.map(({ requests }) => requests.miss)).toEqual([1, 1]);
  await third.close();
});

it('answers from no tier what one of them cannot write down', async () => {
  const problems: Error[] = [];
  const cache = createCache<string, unknown>({
    name: 'any',
    tiers: [memory({ maxEntries: 10 }), disk({ path, maxBytes: 8 * 2 ** 20 })],
    onProblem: (problem) => void problems.push(problem),
  });
  const changes: unknown[] = [];
  cache.onChange('f', (change) => void changes.push(change));
  await cache.set('f', 'held');
  await expect(cache.set('f', () => 'secret')).rejects.toThrow(
    'A value for the disk tier of any cannot be written down: it is of type function',
  );
  expect(cache.getNow('f')).toBeUndefined();
  expect(await cache.get('f')).toBeUndefined();
  expect(changes.at(-1)).toEqual({ written: false });
  // A later write is not undone with it.
  const [refused, kept] = await Promise.allSettled([cache.set('f', () => 'secret'), cache.set('f', 'kept')]);
  expect([refused!.status, kept!.status]).toEqual(['rejected', 'fulfilled']);
  expect(await cache.get('f')).toBe('kept');
  expect(problems).toEqual([]);
  // What a load brings is answered, and memory keeps it: it is told.
  expect(await cache.getOrLoad('g', () => () => 'secret')).toBeInstanceOf(Function);
  expect(cache.getNow('g')).toBeInstanceOf(Function);
  await cache.close();
  expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('cannot be written down')]);
  expect(JSON.stringify(problems.map(({ message, stack }) => [message, stack]))).not.toContain('secret');
});

it('takes a snapshot of large entries in, more than may wait for the disk at once', async () => {
  const open = (name: string) =>
    createCache<number, Buffer>({ name, tiers: [disk({ path: join(path, name), maxBytes: 2 ** 28 })] });
  const [from, to] = [open('from'), open('to')];
  await from.ready();
  for (let i = 0; i < 120; i++) await from.set(i, Buffer.alloc(600_000, i));
  expect(await to.importSnapshot(from.exportSnapshot())).toMatchObject({ entries: 120, refused: 0 });
  expect((await to.get(119))?.at(-1)).toBe(119);
  await from.close();
  await to.close();
});
