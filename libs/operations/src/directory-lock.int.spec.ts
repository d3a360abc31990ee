import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { directoryHolder, DirectoryLockedError, lockDirectory } from './directory-lock.js';
import { SettingsError } from './settings/settings.js';

// Plain JavaScript, so that the child needs no build: it locks as the library does, and says so.
const HOLD = `
  const { DatabaseSync } = require('node:sqlite');
  const file = new DatabaseSync(process.argv[1]);
  file.exec('BEGIN EXCLUSIVE');
  process.stdout.write('held');
  setInterval(() => file.location(), 1000);
`;

describe('A directory lock', () => {
  let path: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'alperf-lock-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(path, { recursive: true });
  });

  it('is held once, by whatever name the directory goes, and can be taken again after its release', () => {
    const lock = lockDirectory(path);
    expect(() => lockDirectory(relative(process.cwd(), path))).toThrow(DirectoryLockedError);
    expect(() => lockDirectory(path)).toThrow(`${path} is in use by process ${process.pid}.`);
    lock.release();
    lock.release();
    lockDirectory(path).release();
  });

  it('creates the directory', () => {
    lockDirectory(join(path, 'a', 'b')).release();
  });

  it('says which setting to change where there can be no directory', () => {
    const file = join(path, 'file');
    writeFileSync(file, '');
    for (const wanted of [file, join(file, 'data'), join(file, 'a', 'b')]) {
      expect(() => lockDirectory(wanted)).toThrow(SettingsError);
      expect(() => lockDirectory(wanted)).toThrow(
        `ALPERF_DATA_DIR: ${wanted} cannot be made: ${file} is a file, or a link to nothing (EEXIST); name another folder`,
      );
    }
  });

  const inProc = existsSync('/proc/self') ? it : it.skip;
  inProc('does not wait for ever for a file system that takes no directories (needs /proc)', () => {
    expect(() => lockDirectory('/proc/x/data')).toThrow(
      /ALPERF_DATA_DIR: \/proc\/x\/data cannot be made: \/proc takes no folders \(ENOENT\)/,
    );
  });

  it('is refused while another process lives, and taken as soon as that was killed', async () => {
    lockDirectory(path).release();
    child = spawn(process.execPath, ['-e', HOLD, join(path, 'alperf.lock')], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
    expect(() => lockDirectory(path)).toThrow(DirectoryLockedError);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    lockDirectory(path).release();
  });

  it('says who holds a directory, and leaves it as it is', () => {
    expect(directoryHolder(join(path, 'nothing'))).toBeUndefined();
    expect(directoryHolder(path)).toBeUndefined();
    const lock = lockDirectory(path);
    expect(directoryHolder(path)).toEqual({ pid: process.pid });
    expect(() => lockDirectory(path)).toThrow(DirectoryLockedError);
    lock.release();
    expect(directoryHolder(path)).toBeUndefined();
    lockDirectory(path).release();
  });
});
