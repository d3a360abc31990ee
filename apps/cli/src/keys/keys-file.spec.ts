import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKey, parseKeys } from '#libs/operations/http';
import { addKey, readKeys } from './keys-file.js';

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
      await expect(addKey(path, second.entry)).rejects.toThrow('has a key second already');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
