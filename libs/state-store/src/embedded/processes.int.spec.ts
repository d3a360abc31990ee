import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { between, seededRandom } from '#test/support';
import type { StateStore } from '../state-store.js';
import type { Told } from '../testing/write-until-fenced.js';
import { EmbeddedStateStore } from './embedded-state-store.js';

// A process of its own runs built code; npm test builds first.
const root = join(import.meta.dirname, '../../../..');
const programs = join(root, 'dist/libs/state-store/src/testing');
const program = join(programs, 'write-until-fenced.js');
const clock = new SystemClock();

describe('The embedded state store in several processes', () => {
  let path: string;
  beforeEach(() => {
    expect(existsSync(program)).toBe(true);
    path = mkdtempSync(join(tmpdir(), 'alperf-state-'));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  it('fences the writer of another process, which changes nothing from then on', async () => {
    const other = new OtherWriter(path);
    await other.wrote(5);
    const store = await EmbeddedStateStore.open({ path });
    const writer = await store.open('scope');
    const atOpening = await numbers(store);
    await writer.put('c', Buffer.from('mine'));
    await other.ended;
    expect(other.told.at(-1)).toEqual({ fenced: true });
    // What was acknowledged was there when the scope was opened; what came later was refused.
    expect(other.lastWritten).toBeLessThanOrEqual(atOpening[0]!);
    expect(await numbers(store)).toEqual(atOpening);
    await store.close();
  }, 30_000);

  it('holds every acknowledged write, whole, after each of 10 kills, and is read meanwhile', async () => {
    const seed = Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_124);
    const random = seededRandom(seed);
    const reader = await EmbeddedStateStore.open({ path });
    let last = 0;
    for (let round = 0; round < 10; round++) {
      const other = new OtherWriter(path);
      await other.wrote(between(random, 1, 20));
      const [during, same] = await numbers(reader);
      expect(same).toBe(during);
      expect(during).toBeGreaterThan(last);
      await other.kill();
      const [a, b] = await numbers(reader);
      expect(a).toBe(b);
      expect(a).toBeGreaterThanOrEqual(other.lastWritten);
      expect(a).toBeLessThanOrEqual(other.lastWritten + 1);
      last = a!;
    }
    await reader.close();
  }, 60_000);

  it('is opened again while a writer of the same process never rests', () => {
    const { status, stdout, stderr, signal } = spawnSync(
      process.execPath,
      [join(programs, 'open-beside-writer.js'), path, '100'],
      {
        cwd: root,
        env: { ...process.env, NODE_OPTIONS: '' },
        encoding: 'utf8',
        timeout: 90_000,
        killSignal: 'SIGKILL',
      },
    );
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ written: expect.any(Number) });
  }, 120_000);

  class OtherWriter {
    readonly told: Told[] = [];
    readonly #child;
    readonly ended: Promise<unknown>;
    #problems = '';

    constructor(directory: string) {
      const env = { ...process.env, NODE_OPTIONS: '' };
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      this.#child = spawn(process.execPath, [program, directory, 'scope'], { cwd: root, env, stdio: [...stdio] });
      let said = '';
      this.#child.stdout!.on('data', (part: Buffer) => {
        said += part.toString();
        const lines = said.split('\n');
        said = lines.pop()!;
        for (const line of lines) this.told.push(JSON.parse(line) as Told);
      });
      this.#child.stderr!.on('data', (part: Buffer) => (this.#problems += part.toString()));
      this.ended = once(this.#child, 'close');
    }

    get lastWritten(): number {
      return this.told.findLast((line) => 'written' in line)?.written ?? 0;
    }

    async wrote(count: number): Promise<void> {
      while (this.told.length < count) {
        if (this.#child.exitCode !== null) throw new Error(`The other process ended: ${this.#problems}`);
        await clock.sleep(5);
      }
    }

    async kill(): Promise<void> {
      this.#child.kill('SIGKILL');
      await this.ended;
    }
  }
});

async function numbers(store: StateStore): Promise<number[]> {
  const entries = await store.list('scope');
  return entries.filter(({ key }) => key !== 'c').map(({ value }) => Number(Buffer.from(value).toString()));
}
