import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimTurn, takeLock } from './setup-lock.mjs';

const MODULE = join(import.meta.dirname, 'setup-lock.mjs');

/** No process has this id. */
const DEAD = '99999999';
const TURNS = 30;

/** Takes the lock, is alone in the room, and leaves as if it had been killed, again and again. */
const WORKER = `
  import { mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
  const [directory, room] = process.argv.slice(1);
  const { takeLock } = await import(${JSON.stringify(MODULE)});
  process.stdout.write('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  for (let turn = 0; turn < ${TURNS}; turn++) {
    takeLock(directory, { everyMs: 1 });
    mkdirSync(room);
    rmdirSync(room);
    for (const name of readdirSync(directory).filter((name) => /^\\d+$/.test(name)))
      writeFileSync(directory + '/' + name, '${DEAD}');
  }
  process.exit();
`;

let path: string;
let directory: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'alperf-setup-'));
  directory = join(path, 'lock');
});
afterEach(() => rmSync(path, { recursive: true }));

describe('The lock of the set-up', () => {
  it('is taken by one after the other when several find it stale at once', async () => {
    const workers = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', WORKER, directory, join(path, 'room')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(workers.map(({ stdout }) => once(stdout, 'data')));
    const exits = workers.map((worker) => once(worker, 'exit'));
    for (const { stdin } of workers) stdin.write('go');
    // Two in the room at once: one could not make it, and failed.
    expect((await Promise.all(exits)).map(([code]) => code)).toEqual(workers.map(() => 0));
    // The turns counted: each was had by one.
    expect(readdirSync(directory)).toEqual([String(workers.length * TURNS)]);
  }, 60_000);

  it('stays with who took it over when another one, which found it stale as well, comes later', () => {
    const release = takeLock(directory);
    release();
    // Both find turn 1 over; this one is quicker.
    takeLock(directory);
    expect(readFileSync(join(directory, '2'), 'utf8')).toBe(String(process.pid));
    expect(claimTurn(directory, 2)).toBe(false);
    // And so it is when turn 2 was over and turn 3 is taken by now.
    writeFileSync(join(directory, '2'), '');
    takeLock(directory);
    expect(claimTurn(directory, 2)).toBe(false);
    expect(readdirSync(directory)).toEqual(['3']);
  });

  it('says once whom it waits for', async () => {
    takeLock(directory);
    const waiting = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { takeLock } = await import(${JSON.stringify(MODULE)});
         takeLock(process.argv[1], { everyMs: 1, onWait: (pid) => process.stdout.write(pid + ' ') });`,
        directory,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    waiting.stdout.on('data', (text) => (said += text));
    await once(waiting.stdout, 'data');
    writeFileSync(join(directory, '1'), '');
    await once(waiting, 'close');
    expect(said).toBe(`${process.pid} `);
  }, 60_000);
});
