import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that has nothing to close: it is through at once, and only its end is left for the second signal. */
const QUICK = `
  import { Shutdown, SilentLogger, runProgram } from '#libs/operations';
  import { SystemClock } from '#libs/time';
  const [clock, log] = [new SystemClock(), new SilentLogger()];
  await runProgram(process, async () => ({ clock, log, shutdown: new Shutdown({ clock, log }) }));
  setInterval(() => undefined, 60_000);
  console.log('runs');
`;

/** How it ended: exit code or signal. */
async function endOf(signal: NodeJS.Signals, againAfterMs: number): Promise<number | string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', QUICK], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await once(child.stdout, 'data');
  child.kill(signal);
  await sleep(againAfterMs);
  child.kill(signal);
  const [code, by] = await exit;
  return code ?? by!;
}

describe('A program whose shutdown is quick', () => {
  it('ends with 0 when the signal comes twice, whenever within a second that is', async () => {
    const ends: (number | string)[] = [];
    for (let i = 0; i < 20; i++) ends.push(await endOf(i % 2 === 0 ? 'SIGTERM' : 'SIGINT', i * 15));
    expect(ends).toEqual(ends.map(() => 0));
  }, 120_000);
});
