import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { SystemClock } from '#libs/time';
import { FakeClock } from '#libs/time/testing';
import { SettingsError } from '../settings/settings.js';
import { createKey } from './api-keys.js';
import { KeysFile, type KeysReload } from './keys-file.js';

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

/** Opens the file at a clock that stands; `look()` resolves when the file was looked at once more. */
async function openAt(clock: FakeClock) {
  const outcomes: KeysReload[] = [];
  file = await KeysFile.open({ path, clock, onReload: (outcome) => outcomes.push(outcome) });
  const look = async () => {
    await clock.advance(2_000);
    // The next look is scheduled when this one is over.
    while (clock.timers === 0) await new Promise(setImmediate);
  };
  return { file, outcomes, look };
}

/** Root may read any file: as root, without its rights. */
async function asNobody(act: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65_534);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
  }
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

  it('says once that the file is gone, and that it is back, also unchanged', async () => {
    const first = createKey({ id: 'a', scopes: ['read'] });
    writeFileSync(path, stringify({ keys: [first.entry] }));
    const clock = new FakeClock();
    const { file, outcomes, look } = await openAt(clock);
    renameSync(path, `${path}.away`);
    await look();
    await look();
    expect(outcomes).toEqual([{ problem: expect.stringMatching(/keys\.yaml: cannot be read \(ENOENT\)/) }]);
    expect(file.keys.find(first.text, NOW)?.id).toBe('a');

    renameSync(`${path}.away`, path);
    await look();
    await look();
    expect(outcomes.slice(1)).toEqual([{ keys: 1, back: true }]);
  });

  it('tries a file again that was found but could not be read, though the mending leaves it as it was', async () => {
    const first = createKey({ id: 'a', scopes: ['read'] });
    const second = createKey({ id: 'second', scopes: ['read'] });
    writeFileSync(path, stringify({ keys: [first.entry] }));
    chmodSync(folder, 0o755);
    const { file, outcomes, look } = await openAt(new FakeClock());

    writeFileSync(path, stringify({ keys: [second.entry] }));
    chmodSync(path, 0o000);
    await asNobody(async () => {
      await look();
      await look();
    });
    expect(outcomes).toEqual([{ problem: expect.stringContaining('cannot be read (EACCES)') }]);
    chmodSync(path, 0o644);
    await asNobody(look);
    expect(outcomes.slice(1)).toEqual([{ keys: 1, back: true }]);
    expect(file.keys.find(second.text, NOW)?.id).toBe('second');
  });

  it('says in one line where a file is not YAML, and repeats nothing of it', async () => {
    writeFileSync(path, stringify({ keys: [] }));
    const { outcomes, look } = await openAt(new FakeClock());
    writeFileSync(path, 'keys:\n  - id: a\n   sha256: "0123456789abcdef\n');
    await look();
    expect(outcomes).toEqual([
      { problem: expect.stringMatching(/^keys file: is not YAML at line \d+, column \d+ \([A-Z_]+\)$/) },
    ]);
    expect(JSON.stringify(outcomes)).not.toContain('0123');
  });

  it('says which file is missing', async () => {
    await expect(open()).rejects.toThrow(SettingsError);
    await expect(open()).rejects.toThrow(
      /keys\.yaml: cannot be read \(ENOENT\); make it with "npm run --silent alperf -- keys create .*--file .*keys\.yaml"/,
    );
  });
});
