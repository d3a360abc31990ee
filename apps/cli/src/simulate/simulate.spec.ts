import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { zipf, randomFrom } from '#libs/cache-policies/testing';
import { alperf } from '../testing/alperf.js';

describe('alperf simulate', () => {
  let folder: string;
  const keys = zipf(5_000, 1_000, 0.9, randomFrom(5)).map((key) => `k${key}`);
  const unique = new Set(keys).size;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-simulate-'));
    writeFileSync(join(folder, 'keys.txt.gz'), gzipSync(keys.join('\n')));
    writeFileSync(join(folder, 'sizes.csv'), '#key,size\na,6\nb,4\na,6\nc,20\nb,4\nd,0\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const simulate = async (...args: string[]) => {
    const { code, out, said } = await alperf(['simulate', ...args, '--json'], { cwd: folder });
    return { code, said, answer: JSON.parse(out) as Record<string, unknown> };
  };

  it('hits as often as an LRU cache of that size, and says the share', async () => {
    const peer = new LRUCache<string, true>({ max: 200 });
    let hits = 0;
    for (const key of keys)
      if (peer.get(key) === true) hits++;
      else peer.set(key, true);
    const { code, answer, said } = await simulate('keys.txt.gz', '--size', '200', '--policy', 'lru');
    expect(answer).toEqual({
      trace: 'keys.txt.gz',
      maxEntries: 200,
      maxBytes: null,
      policy: 'lru',
      policyAtEnd: 'lru',
      changes: [],
      requests: 5_000,
      unique,
      hits,
      misses: 5_000 - hits,
      hitRatio: hits / 5_000,
      byteHitRatio: null,
      evicted: 5_000 - hits - 200,
      rejected: 0,
      entries: 200,
      bytes: null,
      nsPerAccess: expect.any(Number),
    });
    expect(answer['nsPerAccess']).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(said).toContain('5,000 requests');
  });

  it('counts bytes by the sizes in the trace, and nothing besides', async () => {
    expect((await simulate('sizes.csv', '--max-bytes', '10', '--policy', 'lru')).answer).toMatchObject({
      requests: 6,
      hits: 2,
      byteHitRatio: 10 / 40,
      // What has no bytes takes one: b and d are left.
      evicted: 1,
      rejected: 1,
      entries: 2,
      bytes: 5,
    });
    expect((await simulate('sizes.csv', '--size', '1', '--policy', 'lru')).answer).toMatchObject({
      hits: 0,
      byteHitRatio: 0,
      evicted: 5,
      bytes: null,
    });
  });

  it('compares policies over one trace, alike in every run', async () => {
    const figures = async (...policies: string[]) => {
      const { answer } = await simulate(
        'keys.txt.gz',
        '--size',
        '10%',
        ...policies.flatMap((one) => ['--policy', one]),
      );
      expect(answer).toMatchObject({ requests: 5_000, unique, maxEntries: Math.round(unique / 10) });
      return (answer['results'] as { policy: string; hits: number }[]).map((one) => ({ ...one, nsPerAccess: 0 }));
    };
    const all = await figures('all');
    expect(all.map(({ policy }) => policy)).toEqual(['adaptive', 'lru', 'sieve', 's3-fifo', 'arc', 'w-tinylfu']);
    expect(new Set(all.map(({ hits }) => hits)).size).toBeGreaterThan(3);
    expect(await figures('arc', 'adaptive', 'arc')).toEqual([all[4], all[0]]);
    expect(await figures('arc,adaptive')).toEqual([all[4], all[0]]);
  }, 30_000);

  it('tells what adaptive chose, and when', async () => {
    const loop = Array.from({ length: 60 }, () => Array.from({ length: 300 }, (_, i) => `l${i}`)).flat();
    writeFileSync(join(folder, 'phases.txt'), [...keys, ...loop].join('\n'));
    const { answer } = await simulate('phases.txt', '--size', '200');
    const changes = answer['changes'] as { after: number; policy: string }[];
    expect(changes).not.toEqual([]);
    expect(changes.at(-1)!.policy).toBe(answer['policyAtEnd']);
    expect(changes.map(({ after }) => after)).toEqual(changes.map(({ after }) => after).sort((a, b) => a - b));
    const { out } = await alperf(['simulate', 'phases.txt', '--size', '200'], { cwd: folder });
    const { policy, after } = changes.at(-1)!;
    expect(out).toContain(`adaptive ended with ${policy}, taken after ${after.toLocaleString('en')} requests`);
    if (changes.length > 1) expect(out).toContain(`; before that, ${changes[0]!.policy} after ${changes[0]!.after}`);
  }, 30_000);

  it('shows a table, one line for each policy', async () => {
    const { out } = await alperf(['simulate', 'sizes.csv', '--max-bytes', '10', '--policy', 'lru,sieve'], {
      cwd: folder,
    });
    expect(out).toMatch(/^6 requests for 4 unique keys; room for 10 bytes\.\n\npolicy +hit ratio +by bytes/);
    expect(out).toMatch(/\nlru +0\.3333 +0\.2500 +1 +1 +2 +\d+\nsieve +0\.3333/);
  });

  it('ends with exit code 2 and a remedy for what it cannot understand, and with 1 for a trace that is none', async () => {
    for (const wrong of [
      [],
      ['--size', '0'],
      ['--size', '10', '--policy', 'fifo'],
      ['--size', '10', '--format', 'x'],
    ]) {
      const { code, answer } = await simulate('keys.txt.gz', ...wrong);
      expect([wrong, code, answer]).toEqual([
        wrong,
        2,
        { error: expect.objectContaining({ remedy: expect.stringMatching(/./) }), exitCode: 2 },
      ]);
    }
    expect((await simulate('nothing.txt', '--size', '1')).code).toBe(2);
    writeFileSync(join(folder, 'bad.csv'), 'a,1\nb,large\n');
    expect((await simulate('bad.csv', '--size', '1')).answer).toMatchObject({ error: { code: 'TRACE' }, exitCode: 1 });
  });

  it('ends on Ctrl-C with exit code 130', async () => {
    const { code } = await alperf(['simulate', 'keys.txt.gz', '--size', '10'], {
      cwd: folder,
      signal: AbortSignal.abort(),
    });
    expect(code).toBe(130);
  });
});
