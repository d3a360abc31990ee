import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { SystemClock } from '#libs/time';
import { SettingsError } from '../settings/settings.js';
import { createKey } from './api-keys.js';
import { KeysFile } from './keys-file.js';

const NOW = Date.UTC(2026, 0, 1);
let folder: string;
let path: string;
let file: KeysFile | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alperf-keys-'));
  path = join(folder, 'keys.yaml');
});
afterEach(() => {
  file?.close();
  rmSync(folder, { recursive: true });
});

/** Opens the file; `reloaded()` resolves at the next reload. */
async function open() {
  const outcomes: unknown[] = [];
  let wake = () => {};
  file = await KeysFile.open({
    path,
    clock: new SystemClock(),
    checkEveryMs: 5,
    onReload: (outcome) => {
      outcomes.push(outcome);
      wake();
    },
  });
  const reloaded = () =>
    new Promise<unknown>((resolve) => {
      const seen = outcomes.length;
      wake = () => outcomes.length > seen && resolve(outcomes.at(-1));
    });
  return { file, reloaded };
}

describe('KeysFile', () => {
  it('takes over a changed file, and keeps the keys before it when the change is broken', async () => {
    const first = createKey({ id: 'a', scopes: ['read'] });
    const second = createKey({ id: 'second', scopes: ['read'] });
    writeFileSync(path, stringify({ keys: [first.entry] }));
    const { file, reloaded } = await open();
    expect(file.keys.find(first.text, NOW)?.id).toBe('a');

    const change = reloaded();
    writeFileSync(path, stringify({ keys: [second.entry] }));
    await change;
    // A reader may see a file half written; it is read again at its next change.
    while (file.keys.find(second.text, NOW) === undefined) await reloaded();
    expect(file.keys.find(first.text, NOW)).toBeUndefined();

    const broken = reloaded();
    writeFileSync(path, 'keys: 7');
    expect(await broken).toHaveProperty('problem');
    expect(file.keys.find(second.text, NOW)?.id).toBe('second');
  });

  it('says which file is missing', async () => {
    await expect(open()).rejects.toThrow(SettingsError);
    await expect(open()).rejects.toThrow(
      /keys\.yaml: cannot be read \(ENOENT\); make it with "npm run --silent alperf -- keys create .*--file .*keys\.yaml"/,
    );
  });
});
