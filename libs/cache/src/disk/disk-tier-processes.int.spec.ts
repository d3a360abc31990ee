import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#libs/time';
import { between, seededRandom } from '#test/support';
import type { Selection, TierProblem } from '../tier/tier.js';
import { numberedValue, type Acknowledged } from '../testing/write-disk-until-killed.js';
import { canonical, RecordingTierRecorder } from '../testing/index.js';
import { disk, type DiskTier } from './disk-tier.js';

// A process of its own runs built code; npm test builds first.
const root = join(import.meta.dirname, '../../../..');
const program = join(root, 'dist/libs/cache/src/testing/write-disk-until-killed.js');
const clock = new SystemClock();

describe('The disk tier in several processes', () => {
  let path: string;
  beforeEach(() => {
    expect(existsSync(program)).toBe(true);
    path = mkdtempSync(join(tmpdir(), 'alperf-cache-'));
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  for (const [what, maxBytes] of [
    ['holds every acknowledged entry', 64 * 2 ** 20],
    ['keeps its budget', 400_000],
  ] as const)
    it(`${what}, whole, and totals that are right, after each of 8 kills`, async () => {
      const seed = Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_125);
      const random = seededRandom(seed);
      const acknowledged = new Map<string, number | undefined>();
      let first = 0;
      for (let round = 0; round < 8; round++) {
        const other = new OtherWriter(path, first, maxBytes);
        await other.wrote(between(random, 20, 400));
        await other.kill();
        for (const { key, number } of other.told) acknowledged.set(key, number);
        first = other.highest + 1_000;

        const { tier } = await opened(path, maxBytes);
        const { entries, bytes } = tier.usage();
        expect(bytes).toBeLessThanOrEqual(maxBytes);
        let missing = 0;
        for (const [key, number] of acknowledged) {
          const found = (await tier.get(key))?.value as { number: number } | undefined;
          // What was under way when it was killed may have got through: it is newer, and whole as well.
          if (found !== undefined) {
            expect(canonical(found)).toBe(canonical(numberedValue(key, found.number)));
            expect(found.number).toBeGreaterThanOrEqual(number ?? 0);
          } else if (number !== undefined) missing++;
        }
        // Each writer had at most one thing under way, and that may have been a removal.
        if (bytes < maxBytes / 2) expect(missing).toBeLessThanOrEqual(8);
        else expect(entries).toBeGreaterThan(100);
        expect(await problemsOf(tier)).toEqual([]);
        await tier.close();
      }
      // Free pages are used again: the file does not grow with what was written over time.
      if (maxBytes < 2 ** 20) expect(statSync(join(path, 'data.mdb')).size).toBeLessThan(4 * maxBytes);
    }, 120_000);

  it('keeps the budget of all who write at once, and tells each what others overwrote', async () => {
    const maxBytes = 300_000;
    const others = [new OtherWriter(path, 1, maxBytes), new OtherWriter(path, 100_001, maxBytes)];
    const { tier, recorder } = await opened(path, maxBytes);
    const heard: Selection[] = [];
    tier.onRemoved((selection) => void heard.push(selection));
    for (const other of others) await other.wrote(400);
    for (let i = 0; i < 200; i++) {
      await tier.set(`mine:${i}`, { value: i, negative: false, storedAt: clock.now(), freshMs: 60_000, staleMs: 0 });
      expect(tier.usage().bytes).toBeLessThanOrEqual(maxBytes);
    }
    while (!heard.some((selection) => 'key' in selection && selection.key.startsWith('key:'))) await clock.sleep(20);
    for (const other of others) await other.kill();
    expect(tier.usage().bytes).toBeLessThanOrEqual(maxBytes);
    expect(recorder.count('evicted')).toBeGreaterThan(0);
    expect(await problemsOf(tier)).toEqual([]);
    await tier.close();
  }, 60_000);

  class OtherWriter {
    readonly told: Acknowledged[] = [];
    readonly #child;
    readonly #ended: Promise<unknown>;
    #problems = '';

    constructor(directory: string, first: number, maxBytes: number) {
      const env = { ...process.env, NODE_OPTIONS: '' };
      this.#child = spawn(process.execPath, [program, directory, `${first}`, `${maxBytes}`], {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      this.#child.stdout.on('data', (part: Buffer) => {
        said += part.toString();
        const lines = said.split('\n');
        said = lines.pop()!;
        for (const line of lines) this.told.push(JSON.parse(line) as Acknowledged);
      });
      this.#child.stderr.on('data', (part: Buffer) => (this.#problems += part.toString()));
      this.#ended = once(this.#child, 'close');
    }

    get highest(): number {
      return Math.max(0, ...this.told.map(({ number = 0 }) => number));
    }

    async wrote(count: number): Promise<void> {
      while (this.told.length < count) {
        if (this.#child.exitCode !== null) throw new Error(`The other process ended: ${this.#problems}`);
        await clock.sleep(2);
      }
    }

    async kill(): Promise<void> {
      this.#child.kill('SIGKILL');
      await this.#ended;
      expect(this.#problems).toBe('');
    }
  }
});

async function opened(path: string, maxBytes: number): Promise<{ tier: DiskTier; recorder: RecordingTierRecorder }> {
  const tier = disk({ path, maxBytes });
  const recorder = new RecordingTierRecorder();
  const onProblem = (problem: Error) => {
    throw problem;
  };
  await tier.open({ cache: 'killed', clock, random: Math.random, recorder: recorder.port, onProblem });
  return { tier, recorder };
}

async function problemsOf(tier: DiskTier): Promise<TierProblem[]> {
  const problems: TierProblem[] = [];
  for await (const problem of tier.verify({ repair: false })) problems.push(problem);
  return problems;
}
