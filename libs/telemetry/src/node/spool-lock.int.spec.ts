import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { contenderProgram } from '../testing/programs.js';
import { thisProcess } from './process-name.js';
import { BEAT_MS, SpoolLock, SpoolLockedError, WATCH_MS } from './spool-lock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-lock-'));
});
afterEach(async () => {
  await rm(`${directory}-too`, { force: true });
  await rm(directory, { recursive: true, force: true });
});

const ELSEWHERE = { where: 'another-start/pid:[1]', pid: 1, started: '5' };
const DEAD_ID = '00000000-0000-4000-8000-000000000001';
const lockText = () => readFile(join(directory, 'lock'), 'latin1');

/** Leaves a lock, as a process does that was killed. */
async function leaveLock({ where = '-', pid, started = '-' }: Partial<typeof ELSEWHERE>, name = 'lock', id = DEAD_ID) {
  await writeFile(join(directory, name), `${id} ${where} ${pid} ${started} 0000000007`);
}

/** Whether it was acquired, or why not, once enough time has passed on the clock. */
async function settled(acquiring: Promise<void>, clock: FakeClock): Promise<'acquired' | Error> {
  const results: ('acquired' | Error)[] = [];
  acquiring.then(
    () => results.push('acquired'),
    (cause: unknown) => results.push(cause as Error),
  );
  while (results.length === 0) {
    await clock.advance(100);
    // The disk answers in its own time: this comes after what was asked of it before.
    for (let i = 0; i < 3; i++) await readdir(directory);
  }
  return results[0]!;
}

describe('The lock of a spool', () => {
  it('takes over from a process of the same container that is dead, at once, also when its id is used again', async () => {
    const here = thisProcess();
    await leaveLock({ ...here, started: '1' });
    const lock = new SpoolLock(directory, new FakeClock());
    await lock.acquire();
    expect((await lockText()).startsWith(DEAD_ID)).toBe(false);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('takes over at once from a process that is dead, but whose parent has not asked how it ended', async () => {
    // A shell that becomes another program, which does not know of the shell's child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
      while ((await readFile(`/proc/${parent.pid}/comm`, 'latin1')) !== 'sleep\n');
      process.kill(Number(pid), 'SIGKILL');
      const stat = async () => (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]!.split(' ');
      let state: string[];
      do state = await stat();
      while (state[0] !== 'Z');
      await leaveLock({ ...thisProcess(), pid: Number(pid), started: state[19]! });
      const lock = new SpoolLock(directory, new FakeClock());
      await lock.acquire();
      await lock.release();
      expect((await stat())[0]).toBe('Z');
    } finally {
      parent.kill();
      await once(parent, 'exit');
    }
  });

  it('removes what processes left that were killed while they asked for it, but not what a living one may need', async () => {
    const left = ['lock.new.11111111-1111-4111-8111-111111111111', `lock.${DEAD_ID}.new.${DEAD_ID}`];
    const young = 'lock.new.22222222-2222-4222-8222-222222222222';
    for (const name of [...left, young, 'lock.new.notes']) await writeFile(join(directory, name), 'x');
    const old = Date.UTC(2026, 0, 1) / 1_000;
    for (const name of [...left, 'lock.new.notes']) await utimes(join(directory, name), old, old);
    const lock = new SpoolLock(directory, new FakeClock());
    await lock.acquire();
    expect((await readdir(directory)).sort()).toEqual(['lock', young, 'lock.new.notes']);
    await lock.release();
  });

  it('does not take the process of another container for its own one with the same id', async () => {
    const clock = new FakeClock();
    await leaveLock({ ...thisProcess(), where: ELSEWHERE.where });
    const started = clock.monotonic();
    const lock = new SpoolLock(directory, clock);
    expect(await settled(lock.acquire(), clock)).toBe('acquired');
    expect(clock.monotonic() - started).toBeGreaterThanOrEqual(WATCH_MS);
    await lock.release();
  });

  it('is refused as long as the lock of a process elsewhere changes, and taken over when it does no more', async () => {
    const clock = new FakeClock();
    const first = new SpoolLock(directory, clock, ELSEWHERE);
    await first.acquire();
    // A process knows what it holds by path.
    await symlink(directory, `${directory}-too`);
    const second = new SpoolLock(`${directory}-too`, clock);
    const refused = await settled(second.acquire(), clock);
    expect(refused).toBeInstanceOf(SpoolLockedError);
    expect((refused as Error).message).toMatch(/in use by process 1 of another container or machine/);
    expect(clock.monotonic()).toBeLessThan(WATCH_MS);
    const text = await lockText();
    await first.release();
    await writeFile(join(directory, 'lock'), text);
    expect(await settled(second.acquire(), clock)).toBe('acquired');
    await second.release();
  });

  it('finds out that another one took over, and leaves the lock of that one alone', async () => {
    const clock = new FakeClock();
    const lock = new SpoolLock(directory, clock);
    await lock.acquire();
    await leaveLock(ELSEWHERE);
    expect(lock.lost).toBe(false);
    await clock.advance(BEAT_MS);
    // The beat looks at the disk, which answers in its own time; a beat that does not find out ends by the test's limit.
    while (!lock.lost) await readdir(directory);
    await lock.release();
    expect((await lockText()).startsWith(DEAD_ID)).toBe(true);
  });

  it('lets only the holder of the claim on a dead lock replace it, and takes over a dead claim too', async () => {
    const here = thisProcess();
    await leaveLock({ ...here, started: '1' });
    await leaveLock(here, `lock.${DEAD_ID}`, 'claimer');
    await expect(new SpoolLock(directory, new FakeClock()).acquire()).rejects.toThrow(SpoolLockedError);
    expect((await lockText()).startsWith(DEAD_ID)).toBe(true);

    await leaveLock({ ...here, started: '2' }, `lock.${DEAD_ID}`, 'claimer');
    const lock = new SpoolLock(directory, new FakeClock());
    await lock.acquire();
    expect(await readdir(directory)).toEqual(['lock']);
    await lock.release();
  });

  it('stops watching when it is told to', async () => {
    await leaveLock(ELSEWHERE);
    const stop = new AbortController();
    const acquiring = new SpoolLock(directory, new FakeClock()).acquire(stop.signal);
    stop.abort(new Error('the end'));
    await expect(acquiring).rejects.toThrow('the end');
    expect(await readdir(directory)).toEqual(['lock']);
  });

  it('has one holder at a time, while many take over from each other and are killed', async () => {
    const program = join(directory, 'contender.mjs');
    await writeFile(program, contenderProgram(join(import.meta.dirname, '..'), directory));
    const children = Array.from({ length: 8 }, () => spawn(process.execPath, ['--no-warnings', program]));
    const ends = await Promise.all(
      children.map(async (child) => {
        let said = '';
        child.stdout.on('data', (some: Buffer) => (said += some.toString()));
        child.stderr.on('data', (some: Buffer) => (said += some.toString()));
        const [, signal] = (await once(child, 'close')) as [number | null, string | null];
        return { said, signal };
      }),
    );
    expect(ends).toEqual(children.map(() => ({ said: 'held alone', signal: 'SIGKILL' })));
  });
});
