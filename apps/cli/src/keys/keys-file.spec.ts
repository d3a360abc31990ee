import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, createSecret, parseKeys } from '#libs/operations/http';
import { FakeClock } from '#libs/time/testing';
import { alperf } from '../testing/alperf.js';
import { addKey, readKeys, rotateKey } from './keys-file.js';

describe('A keys file', () => {
  it('gets a key added that a server then finds, keeps its comments, and holds no secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alperf-keys-'));
    try {
      const path = join(folder, 'keys.yaml');
      const first = createKey({ id: 'first', scopes: ['write'], services: ['catalogue'] });
      const second = createKey({ id: 'second', scopes: ['read', 'admin'] });
      await addKey(path, first.entry);
      await writeFile(path, `# whose they are: the wiki\n${await readFile(path, 'utf8')}`);
      await addKey(path, second.entry);
      const text = await readFile(path, 'utf8');
      expect(text).toContain('# whose they are');
      expect(text).not.toContain(first.text.split('.')[1]!);
      expect((await stat(path)).mode & 0o077).toBe(0);
      expect(parseKeys(text).find(first.text, 0)).toMatchObject({ id: 'first', services: ['catalogue'] });
      expect((await readKeys(path)).map(({ id, scopes }) => [id, ...scopes])).toEqual([
        ['first', 'write'],
        ['second', 'read', 'admin'],
      ]);
      await expect(addKey(path, second.entry)).rejects.toMatchObject({
        message: expect.stringContaining('has a key second already'),
        remedy: expect.stringContaining('keys rotate'),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('rotates a key: both secrets are valid until the old one ends, and a leaked one ends at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alperf-keys-'));
    try {
      const path = join(folder, 'keys.yaml');
      const now = Date.UTC(2026, 10, 24);
      const hour = 3_600_000;
      const first = createKey({ id: 'a', scopes: ['write'], services: ['catalogue'] });
      await addKey(path, createKey({ id: 'other', scopes: ['read'] }).entry);
      await addKey(path, first.entry);
      await writeFile(path, `# ours\n${await readFile(path, 'utf8')}`);
      const second = createSecret('a');
      expect(await rotateKey(path, 'a', second.secret, { keepMs: hour, now })).toBe('2026-11-24T01:00:00.000Z');
      const found = async (text: string, at: number) => parseKeys(await readFile(path, 'utf8')).find(text, at);
      expect(await readFile(path, 'utf8')).toContain('# ours');
      for (const text of [first.text, second.text])
        expect(await found(text, now + hour - 1)).toEqual({ id: 'a', scopes: ['write'], services: ['catalogue'] });
      expect(await found(first.text, now + hour)).toBeUndefined();

      const listed = async (at: number) =>
        (await alperf(['keys', 'list', '--file', path], { cwd: folder, clock: new FakeClock(at) })).out;
      expect(await listed(now)).toBe(
        'other  read  all services\na  write  catalogue  two secrets: one until 2026-11-24T01:00:00.000Z, one without end\n',
      );
      expect(await listed(now + hour)).toMatch(
        / {2}two secrets: one that ended at 2026-11-24T01:00:00\.000Z, one without end\n$/,
      );

      const third = createSecret('a');
      const again = (keepMs: number, at: number) => rotateKey(path, 'a', third.secret, { keepMs, now: at });
      await expect(again(hour, now + 1)).rejects.toThrow('in use, one until 2026-11-24T01:00:00.000Z');
      await expect(rotateKey(path, 'b', third.secret, { keepMs: hour, now })).rejects.toThrow('has no key "b"');
      expect(await again(0, now + 1)).toBeUndefined();
      expect(await found(second.text, now + 2)).toBeUndefined();
      expect(await found(third.text, now + 2)).toBeDefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
