import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { SettingsError } from '../settings/settings.js';
import { ApiKeys, createKey, createSecret, parseKeys } from './api-keys.js';

const NOW = Date.UTC(2026, 0, 1);

describe('ApiKeys', () => {
  it('finds the key that was made, through its file, and no other text', () => {
    const { text, entry } = createKey({ id: 'library-api', scopes: ['write'], services: ['library-api'] });
    const keys = parseKeys(stringify({ keys: [entry] }));
    expect(keys.find(text, NOW)).toEqual({ id: 'library-api', scopes: ['write'], services: ['library-api'] });
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom(`${text}x`, text.slice(1), text.slice(0, -1), 'library-api.')),
        (other) => {
          expect(keys.find(other, NOW)).toBeUndefined();
        },
      ),
    );
  });

  it('keeps only a hash, of a secret of 256 bits', () => {
    const { text, entry } = createKey({ id: 'a', scopes: ['read'] });
    const secret = text.split('.')[1]!;
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(entry)).not.toContain(secret);
  });

  it('takes both secrets of a key that is being rotated, the old one until its time', () => {
    const first = createSecret('a');
    const second = createSecret('a');
    const until = new Date(NOW).toISOString();
    const keys = new ApiKeys([{ id: 'a', scopes: ['write'], secrets: [{ ...first.secret, until }, second.secret] }]);
    expect(keys.find(first.text, NOW - 1)?.id).toBe('a');
    expect(keys.find(first.text, NOW)).toBeUndefined();
    expect(keys.find(second.text, NOW)?.id).toBe('a');
  });

  it('names every problem of a file at once, and repeats no hash', () => {
    const text = stringify({
      keys: [
        { id: 'A B', scopes: ['write'], secrets: [{ sha256: 'c0ffee' }] },
        { id: 'b', scopes: ['fly'], secrets: [], colour: 'red' },
        7,
      ],
    });
    const problems = problemsOf(text);
    expect(problems).toHaveLength(6);
    expect(problems.join()).not.toContain('c0ffee');
  });

  it.each([['not: [yaml'], ['[]'], ['keys: 1'], ['']])('refuses the file %j', (text) => {
    expect(problemsOf(text)).toHaveLength(1);
  });

  it('refuses two keys of one id', () => {
    const { entry } = createKey({ id: 'a', scopes: ['read'] });
    expect(problemsOf(stringify({ keys: [entry, structuredClone(entry)] }))).toEqual([
      'keys file: two keys have one id',
    ]);
  });
});

function problemsOf(text: string): readonly string[] {
  try {
    parseKeys(text);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
