import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { between, seededRandom } from '#test/support';
import type { LogRecord } from '../event-log.js';
import type { Acknowledged } from '../testing/append-until-killed.js';
import { EmbeddedEventLog } from './embedded-event-log.js';

// A process of its own runs built code; npm test builds first.
const root = join(import.meta.dirname, '../../../..');
const program = join(root, 'dist/libs/event-log/src/testing/append-until-killed.js');

const ROUNDS = 10;
/** Small, so that every round cuts as well. */
const MAX_BYTES = 6_000_000;
const clock = new SystemClock();

it(`holds every acknowledged record in order, without holes, after each of ${ROUNDS} kills`, async () => {
  expect(existsSync(program)).toBe(true);
  const seed = Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_124);
  const random = seededRandom(seed);
  const path = mkdtempSync(join(tmpdir(), 'alperf-killed-log-'));
  const commits = new Map<number, bigint>();
  let firstNumber = 0;
  let acknowledged = 0;
  let cut = 0n;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await appendUntilKilled([path, String(firstNumber), String(MAX_BYTES)], between(random, 1, 250));
      const log = await EmbeddedEventLog.open({ path, clock, random, retention: { maxBytes: MAX_BYTES } });
      const held = new Map<string, LogRecord>();
      const highest = new Map<string, number>();
      for (const { partition, earliest, next } of await log.ranges('topic')) {
        cut += earliest;
        const records = await log.read('topic', { partition, offset: earliest }, 100_000);
        expect(records.map(({ offset }) => offset)).toEqual(records.map((_, i) => earliest + BigInt(i)));
        expect(earliest + BigInt(records.length)).toBe(next);
        for (const record of records) {
          held.set(`${partition}/${record.offset}`, record);
          const number = Number(record.headers['number']);
          // A writer counts up: no record twice, none out of its order.
          expect(number).toBeGreaterThan(highest.get(record.key) ?? -1);
          highest.set(record.key, number);
          expect(record.value.every((byte) => byte === (number & 0xff))).toBe(true);
          firstNumber = Math.max(firstNumber, number + 1);
        }
        expect(Number(next - earliest)).toBe(records.length);
      }
      const ranges = await log.ranges('topic');
      for (const line of lines)
        if ('appended' in line)
          for (const { writer, number, partition, offset } of line.appended) {
            acknowledged += 1;
            if (BigInt(offset) < ranges[partition]!.earliest) continue;
            const record = held.get(`${partition}/${offset}`);
            expect([record?.key, record?.headers['number']]).toEqual([`writer-${writer}`, String(number)]);
          }
        else commits.set(line.committed.partition, BigInt(line.committed.offset));
      const committed = new Map((await log.committed('topic', 'group')).map((one) => [one.partition, one.offset]));
      for (const [partition, offset] of commits) expect(committed.get(partition)).toBeGreaterThanOrEqual(offset);
      for (const { partition, earliest } of ranges)
        expect(earliest).toBeLessThanOrEqual(committed.get(partition) ?? 0n);
      await log.close();
    }
    expect(acknowledged).toBeGreaterThan(100);
    expect(cut).toBeGreaterThan(0n);
  } catch (error) {
    throw new Error(`With seed ${seed}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(path, { recursive: true });
  }
}, 120_000);

/** Starts the child, kills it so many lines after its first, and gives the lines that it had written in whole. */
async function appendUntilKilled(args: readonly string[], afterLines: number): Promise<Acknowledged[]> {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, [program, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let problems = '';
  let lines = 0;
  child.stderr.on('data', (part: Buffer) => (problems += part.toString()));
  child.stdout.on('data', (part: Buffer) => {
    said += part.toString();
    for (const byte of part) if (byte === 10 && ++lines === afterLines) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`The child ended by itself with ${code}: ${problems}`);
  const whole = said.slice(0, said.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Acknowledged);
}
