import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { PipelineError } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { SilentLogger } from '../logger/logger.js';
import { SettingsError } from '../settings/settings.js';
import { RecordingLogger } from '../testing/recording-logger.js';
import { explainStartError, leave, runProgram, type ProcessPort } from './program.js';
import { Shutdown } from './shutdown.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

class FakeProcess implements ProcessPort {
  readonly #listeners = new Map<string, (...details: never[]) => void>();
  readonly said: string[] = [];
  readonly codes: number[] = [];
  readonly pid = 4_711;
  readonly execPath = process.execPath;
  readonly killed: [pid: number, signal: string][] = [];
  readonly stderr = { write: (text: string) => this.said.push(text) };
  on(event: string, listener: (...details: never[]) => void): void {
    this.#listeners.set(event, listener);
  }
  emit(event: string, detail: unknown): void {
    this.#listeners.get(event)?.(detail as never);
  }
  exit(code: number): void {
    this.codes.push(code);
  }
  kill(pid: number, signal: string): void {
    this.killed.push([pid, signal]);
  }
}

describe('Shutdown', () => {
  it('runs phases in order, steps of one phase in reverse, all of them once', async () => {
    const shutdown = new Shutdown({ clock: new FakeClock(), log: new SilentLogger() });
    const order: string[] = [];
    shutdown.add('close', 'log', () => void order.push('log'));
    shutdown.add('close', 'client', () => void order.push('client'));
    shutdown.add('drain', 'aggregator', async () => void order.push('aggregator'));
    shutdown.add('stop taking', 'http', () => void order.push('http'));
    const [first, second] = await Promise.all([shutdown.run(), shutdown.run()]);
    expect(order).toEqual(['http', 'aggregator', 'client', 'log']);
    expect(first).toEqual({ clean: true, failed: [] });
    expect(second).toBe(first);
  });

  it('goes on after a step that fails, and names it', async () => {
    const log = new RecordingLogger();
    const shutdown = new Shutdown({ clock: new FakeClock(), log });
    let closed = false;
    shutdown.add('drain', 'aggregator', () => {
      throw new Error('no');
    });
    shutdown.add('close', 'log', () => void (closed = true));
    expect(await shutdown.run()).toEqual({ clean: false, failed: ['aggregator'] });
    expect([closed, log.lines[0]!.message]).toEqual([true, 'A shutdown step failed.']);
  });

  it('gives up at the deadline, names what did not finish, and starts no more', async () => {
    const clock = new FakeClock();
    const shutdown = new Shutdown({ clock, log: new SilentLogger(), deadlineMs: 1_000 });
    let started = false;
    shutdown.add('drain', 'stuck', () => new Promise(() => undefined));
    shutdown.add('close', 'log', () => void (started = true));
    const result = shutdown.run();
    await clock.advance(1_000);
    expect([await result, started]).toEqual([{ clean: false, failed: ['stuck'] }, false]);
  });
});

describe('runProgram', () => {
  async function runningProgram(step: (shutdown: Shutdown) => Promise<void> = async () => undefined) {
    const process = new FakeProcess();
    const clock = new FakeClock();
    const log = new RecordingLogger();
    const shutdown = new Shutdown({ clock, log });
    shutdown.add('close', 'all', () => step(shutdown));
    await runProgram(process, async () => ({ clock, log, shutdown }));
    return { process, clock, log };
  }

  it('ends with 0 after a signal and a clean shutdown, and says how much was finished on the way', async () => {
    const { process, clock, log } = await runningProgram(async (shutdown) =>
      shutdown.tell({ collector_batches_total: 3 }),
    );
    process.emit('SIGTERM', 'SIGTERM');
    await clock.advance(1_000);
    expect(process.codes).toEqual([0]);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'Shutting down.',
      'Shut down: all that was taken is finished.',
    ]);
    expect(log.lines.at(-1)!.fields).toEqual({ finished: { collector_batches_total: 3 } });
  });

  it('ends with 3 when something had to be given up', async () => {
    const { process, clock, log } = await runningProgram(() => Promise.reject(new Error('no')));
    process.emit('SIGINT', 'SIGINT');
    await clock.advance(1_000);
    expect(process.codes).toEqual([3]);
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', fields: { failed: ['all'] } });
  });

  it('ends by becoming a program that ends with the code, where it can: native libraries have no say in that', async () => {
    const { process, clock } = await runningProgram(() => Promise.reject(new Error('no')));
    const became: { file: string; args: readonly string[]; env: NodeJS.ProcessEnv }[] = [];
    Object.assign(process, {
      execve: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => became.push({ file, args, env }),
    });
    process.emit('SIGTERM', 'SIGTERM');
    await clock.advance(1_000);
    // In an image without a shell.
    leave(process, 4, null);
    expect(process.codes).toEqual([]);
    expect(
      became.map(({ file, args, env }) => spawnSync(file, args.slice(1), { argv0: args[0]!, env }).status),
    ).toEqual([3, 4]);
  });

  it('ends at once, as killed, at a second signal', async () => {
    const { process, clock } = await runningProgram(() => new Promise(() => undefined));
    process.emit('SIGINT', 'SIGINT');
    await clock.advance(1_000);
    process.emit('SIGINT', 'SIGINT');
    expect([process.codes, process.killed]).toEqual([[], [[process.pid, 'SIGKILL']]]);
  });

  it('takes a signal that comes again at once, as from a terminal through npm, for the same one', async () => {
    // All is closed at once, and yet there is somebody to hear it.
    const { process, clock } = await runningProgram();
    process.emit('SIGINT', 'SIGINT');
    await clock.advance(14);
    process.emit('SIGINT', 'SIGINT');
    await clock.advance(985);
    process.emit('SIGTERM', 'SIGTERM');
    expect([process.codes, process.killed]).toEqual([[], []]);
    await clock.advance(1);
    expect([process.codes, process.killed]).toEqual([[0], []]);
  });

  it('ends at once at a signal while it shuts down for an error', async () => {
    const { process } = await runningProgram(() => new Promise(() => undefined));
    process.emit('uncaughtException', new Error('lost'));
    process.emit('SIGINT', 'SIGINT');
    expect(process.killed).toEqual([[process.pid, 'SIGKILL']]);
  });

  it('shuts down and ends with 1 after an error that nobody handled', async () => {
    const { process, log } = await runningProgram();
    process.emit('unhandledRejection', new Error('lost'));
    await settle();
    expect([process.codes, log.lines[0]!.level]).toEqual([[1], 'error']);
  });

  it('says what keeps it from starting, without a stack, and ends with 2 for settings and 1 otherwise', async () => {
    const process = new FakeProcess();
    await runProgram(process, () => Promise.reject(new SettingsError(['ALPERF_X: no'])));
    await runProgram(process, () => Promise.reject(new PipelineError('LOCKED', 'The directory is in use.', false)));
    expect(process.codes).toEqual([2, 1]);
    expect(process.said).toEqual([
      'alperf cannot start. The configuration has 1 problem:\n  - ALPERF_X: no\n',
      'alperf cannot start. The directory is in use.\n',
    ]);
  });

  it.each([
    [{ code: 'EADDRINUSE', port: 8080, address: '127.0.0.1' }, /Port 8080 on 127\.0\.0\.1 is in use.*ALPERF_HTTP_PORT/],
    [{ code: 'EADDRNOTAVAIL', address: '10.1.1.1' }, /10\.1\.1\.1 is not an address of this machine.*ALPERF_BIND/],
    [{ code: 'EACCES', port: 80 }, /Port 80 needs more rights/],
    [{ code: 'EACCES', path: '/root/x' }, /\/root\/x cannot be written.*ALPERF_DATA_DIR/],
    [{ code: 'ENOSPC' }, /disk is full/],
  ])('explains %j', (error, expected) => {
    expect(explainStartError(Object.assign(new Error('x'), error))).toMatch(expected);
  });
});
