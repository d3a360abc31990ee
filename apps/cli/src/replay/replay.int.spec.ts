import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { checkBatch, type CacheWindow, type Event } from '#libs/contracts';
import { SystemClock } from '#libs/time';
import { createClient } from '@redis/client';
import { describeWithRedis } from '#test/support';
import { alperf } from '../testing/alperf.js';
import { AskedServer } from '../testing/asked-server.js';

/**
 * A server on a real socket that keeps batches by their identity, as the pipeline does, and answers the replay's two
 * statements from them. The whole pipeline is under test in test/e2e; here it is the replay.
 */
class RecordingServer {
  readonly batches = new Map<string, readonly Event[]>();
  /** Events left out of what it answers. */
  lose = 0;
  /** Whether it takes no event, as of a key that may only read. */
  refuses = false;
  port = 0;
  #server: Server | undefined;

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server!.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
    this.#server?.closeAllConnections();
    await closed;
    this.#server = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = new URL(request.url!, 'http://x').pathname;
    if (path === '/health') return void response.end('{}');
    if (path === '/v1/status') return void response.end(JSON.stringify({ sql: { port: this.port } }));
    if (path === '/v1/events' && this.refuses) {
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      return void response.end(JSON.stringify({ title: 'Forbidden', detail: 'The key may not write.' }));
    }
    if (path === '/v1/events') return this.#take(body, request.headers['content-encoding'], response);
    response.end(
      this.#rowsFor(body.toString())
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
  }

  #take(body: Buffer, encoding: string | undefined, response: ServerResponse): void {
    const checked = checkBatch(JSON.parse((encoding === 'zstd' ? zstdDecompressSync(body) : body).toString()));
    if (!checked.ok || checked.rejections.length > 0) throw new Error('the replay sent what the contract refuses');
    const { emitter, sequence, events } = checked.batch;
    this.batches.set(`${emitter.instance}/${sequence}`, events);
    response.statusCode = 202;
    response.end(JSON.stringify({ accepted: events.length, rejected: [], unknownFields: 0, capped: 0 }));
  }

  #rowsFor(sql: string): Record<string, unknown>[] {
    if (sql.includes('AS one')) return [{ one: 1 }];
    const events = [...this.batches.values()].flat();
    if (sql.includes('AS batches')) return [{ events: String(events.length), batches: String(this.batches.size) }];
    const windows = events.filter((event): event is CacheWindow => event.kind === 'cache.window');
    return [...Map.groupBy(windows, ({ tier }) => tier)].map(([tier, ofTier]) => this.#sums(tier, ofTier));
  }

  #sums(tier: string, windows: readonly CacheWindow[]): Record<string, unknown> {
    const sum = (of: (window: CacheWindow) => number | undefined) =>
      windows.reduce((total, one) => total + (of(one) ?? 0), 0);
    const hits = sum(({ requests }) => requests.hit) - this.lose;
    const misses = sum(({ requests }) => requests.miss);
    return {
      tier,
      requests_sum: hits + misses + sum(({ requests }) => requests.error),
      hits_sum: hits,
      misses_sum: String(misses),
      loads_sum: sum(({ loads }) => loads),
      writes_sum: sum(({ writes }) => writes),
      evicted_sum: sum(({ removals }) => removals?.evicted),
      rejected_sum: sum(({ removals }) => removals?.rejected),
    };
  }
}

describe('alperf replay', () => {
  const server = new RecordingServer();
  let folder: string;
  let trace: string;
  let messages: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alperf-replay-'));
    trace = join(folder, 'trace.txt.gz');
    await writeFile(trace, gzipSync(Array.from({ length: 2_000 }, (_, i) => `k${(i * 7919) % 300}\n`).join('')));
    server.batches.clear();
    server.lose = 0;
    server.refuses = false;
    server.port = 0;
    await server.start();
    messages = '';
  });

  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function replay(
    args: readonly string[],
    onMessage: (text: string) => void = () => undefined,
    host: { readonly signal?: AbortSignal } = {},
  ) {
    const write = (text: string) => {
      messages += text;
      onMessage(text);
    };
    const { code, out } = await alperf(
      ['replay', trace, '--endpoint', `http://127.0.0.1:${server.port}`, '--json', ...args],
      { cwd: folder, terminal: { interactive: false, columns: 80, rows: 24, write }, ...host },
    );
    // One document, and nothing besides.
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    return { code, answer: JSON.parse(out) as Record<string, never> };
  }

  it('ends with equal counts, in one JSON document, with messages on stderr only', async () => {
    const { code, answer } = await replay(['--size', '100', '--policy', 'lru']);
    expect(answer).toMatchObject({ equal: true, emitted: { requests: 2_000, misses: 2_000, evicted: 1_900 } });
    expect(answer).toMatchObject({
      stored: { requests: 2_000, hits: 0, misses: 2_000, writes: 2_000, evicted: 1_900 },
    });
    expect(code).toBe(0);
    expect(messages).toContain('requests replayed');
  });

  it('goes through memory and disk, each with its own counts, and finds on disk what an earlier replay left there', async () => {
    const disk = ['--tier', 'memory,disk', '--disk-path', 'cache', '--disk-max-bytes', '10_000_000'];
    const first = await replay(['--size', '100', '--policy', 'lru', ...disk]);
    expect(first.answer).toMatchObject({
      equal: true,
      cache: { policy: 'lru', policyAtEnd: 'lru', disk: { path: join(folder, 'cache'), maxBytes: 10_000_000 } },
      emitted: { requests: 2_000, hits: 1_700, misses: 300, loads: 300, writes: 2_300 },
      hitRatio: 0.85,
      tiers: [
        { tier: 'memory', hitRatio: 0, emitted: { requests: 2_000, misses: 2_000 }, stored: { misses: 2_000 } },
        {
          tier: 'disk',
          hitRatio: 0.85,
          emitted: { requests: 2_000, writes: 300 },
          stored: { hits: 1_700, writes: 300 },
        },
      ],
    });
    server.batches.clear();
    const second = await replay(['--size', '100', ...disk]);
    expect(second.answer).toMatchObject({ equal: true, emitted: { hits: 2_000, loads: 0 }, hitRatio: 1 });
  }, 30_000);

  it('goes through a disk tier alone, which holds as many bytes as the size says', async () => {
    const disk = ['--tier', 'disk', '--disk-path', 'cache'];
    const first = await replay(['--max-bytes', '10MB', ...disk]);
    expect([first.code, first.answer]).toMatchObject([
      0,
      {
        equal: true,
        cache: {
          policy: null,
          policyAtEnd: null,
          maxBytes: 10_000_000,
          disk: { path: join(folder, 'cache'), maxBytes: 10_000_000 },
          redis: null,
        },
        emitted: { requests: 2_000, hits: 1_700, misses: 300, loads: 300, writes: 300, evicted: 0 },
        hitRatio: 0.85,
        tiers: [{ tier: 'disk', hitRatio: 0.85, stored: { requests: 2_000, hits: 1_700, misses: 300, writes: 300 } }],
      },
    ]);
    server.batches.clear();
    const second = await replay(['--size', '1000', ...disk, '--disk-max-bytes', '10MB']);
    expect(second.answer).toMatchObject({ equal: true, emitted: { hits: 2_000, loads: 0 }, hitRatio: 1 });
  }, 30_000);

  it('goes through a disk tier alone that is too small, and counts what it evicted', async () => {
    const disk = ['--tier', 'disk', '--disk-path', 'cache', '--disk-max-bytes', '10MB'];
    const { answer } = await replay(['--size', '100', ...disk]);
    const { emitted, tiers } = answer as unknown as {
      emitted: { hits: number; loads: number; evicted: number };
      tiers: { emitted: object; stored: object }[];
    };
    expect(answer).toMatchObject({ equal: true, cache: { maxEntries: 100 } });
    expect(emitted.hits + emitted.loads).toBe(2_000);
    expect(emitted.evicted).toBe(emitted.loads - 100);
    expect(tiers.map(({ stored }) => stored)).toEqual(tiers.map((one) => one.emitted));
  }, 30_000);

  it('takes --cache lru for --policy lru, and says so', async () => {
    const { answer } = await replay(['--size', '100', '--cache', 'lru']);
    expect(answer).toMatchObject({ equal: true, cache: { policy: 'lru' } });
    expect(messages).toContain('--cache lru is an older name of --policy lru');
  });

  it('takes a share of the unique keys as its size', async () => {
    const { answer } = await replay(['--size', '100%']);
    expect(answer).toMatchObject({
      cache: { maxEntries: 300 },
      emitted: { hits: 1_700, misses: 300, evicted: 0 },
      hitRatio: 0.85,
    });
  });

  it('loses nothing when the server goes away and comes back in the middle', async () => {
    const away = Promise.withResolvers<void>();
    const running = replay(['--size', '100', '--rate', '1000'], (text) => {
      // It comes back only once the replay has noticed that it is gone.
      if (text.includes('the replay waits')) away.resolve(server.start());
    });
    while (server.batches.size === 0) await new SystemClock().sleep(10);
    await server.stop();
    const { code, answer } = await running;
    await away.promise;
    expect(answer).toMatchObject({
      equal: true,
      emitted: { requests: 2_000, dropped: 0 },
      stored: { requests: 2_000 },
    });
    expect(code).toBe(0);
  }, 60_000);

  it('says so, with exit code 4, when the database holds more', async () => {
    server.lose = -1;
    const { code, answer } = await replay(['--size', '100']);
    expect(answer).toMatchObject({ equal: false, differs: ['requests', 'hits'], stored: { requests: 2_001 } });
    expect(code).toBe(4);
  });

  it('ends long before --wait with a key that may not write', async () => {
    server.refuses = true;
    const { answer } = await replay(['--size', '100', '--wait', '300']);
    expect(answer).toMatchObject({
      error: { code: 'REFUSED', remedy: expect.stringContaining('write and read') },
      exitCode: 1,
    });
  }, 60_000);

  it('ends with exit code 3 and a remedy when nobody answers', async () => {
    await server.stop();
    const { code, answer } = await replay(['--size', '100', '--wait', '0.3']);
    expect(answer).toMatchObject({
      error: { code: 'UNREACHABLE', remedy: expect.stringContaining('npm start') },
      exitCode: 3,
    });
    expect(code).toBe(3);
  });

  it('says at once what waiting would not mend: a port that no client may ask, and a trace that is none', async () => {
    // The last of two options counts.
    const { code, answer } = await replay(['--size', '100', '--endpoint', 'http://127.0.0.1:1']);
    expect(answer).toMatchObject({ error: { message: expect.stringContaining('refuse port 1') }, exitCode: 2 });
    expect(code).toBe(2);
    await server.stop();
    await writeFile(trace, 'a,1\nb,large\n');
    expect((await replay(['--size', '100'])).answer).toMatchObject({ error: { code: 'TRACE' } });
    expect(messages).not.toMatch(/wait/i);
  });

  it('ends with exit code 2 for what it cannot understand', async () => {
    expect((await replay([])).code).toBe(2);
    expect((await replay(['--size', '0'])).code).toBe(2);
    expect((await replay(['--size', '10', '--cache', 'fifo'])).code).toBe(2);
    for (const wrong of [
      ['--policy', 'fifo'],
      ['--cache', 'lru', '--policy', 'arc'],
      ['--name', 'a/b'],
      ['--tier', 'disk'],
      ['--tier', 'disk', '--disk-path', 'x'],
      ['--tier', 'disk', '--disk-max-bytes', '1GB'],
      ['--tier', 'disk', '--disk-path', 'x', '--max-bytes', '1GB', '--disk-max-bytes', '1GB'],
      ['--tier', 'disk', '--disk-path', 'x', '--max-bytes', '1GB', '--policy', 'lru'],
      ['--tier', 'disk,redis', '--redis', 'redis://127.0.0.1'],
      ['--tier', 'disk,memory', '--disk-path', 'x', '--max-bytes', '1GB'],
      ['--tier', 'memory,disk'],
      ['--tier', 'memory,disk', '--disk-path', 'x'],
      ['--disk-path', 'x'],
      ['--tier', 'memory,disk,redis'],
      ['--tier', 'redis,memory'],
      ['--redis', 'redis://127.0.0.1'],
      ['--redis-max-bytes', '5'],
      ['--tier', 'redis', '--redis-max-bytes', '5'],
      ['--tier', 'redis', '--policy', 'lru'],
      ['--tier', 'redis', '--cache', 'lru'],
      ['--tier', 'redis', '--redis', 'http://127.0.0.1'],
      ['--tier', 'redis', '--redis', 'redis://127.0.0.1/pages'],
    ]) {
      const { code, answer } = await replay(['--size', '10', ...wrong]);
      expect([wrong, code, answer]).toEqual([
        wrong,
        2,
        { error: expect.objectContaining({ remedy: expect.stringMatching(/./) }), exitCode: 2 },
      ]);
    }
  });

  describeWithRedis('with a Redis tier', 9, (redis) => {
    async function keys(): Promise<string[]> {
      const client = createClient({ url: redis().url });
      await client.connect();
      try {
        return await client.keys('*');
      } finally {
        await client.close();
      }
    }
    const on = (...tiers: string[]) => ['--redis', redis().url, '--tier', ...tiers];

    it('alone counts what it held, evicted and loaded, and leaves no key', async () => {
      // A cycle of 300 keys through 100 places: whoever evicts the oldest never hits.
      const { code, answer } = await replay(['--size', '300', ...on('redis')]);
      expect(answer).toMatchObject({
        equal: true,
        cache: {
          policy: null,
          policyAtEnd: null,
          disk: null,
          redis: { place: `127.0.0.1:${redis().port}`, maxBytes: null },
        },
        emitted: { requests: 2_000, hits: 1_700, misses: 300, loads: 300, writes: 300, evicted: 0 },
        hitRatio: 0.85,
        tiers: [{ tier: 'redis', hitRatio: 0.85, stored: { requests: 2_000, hits: 1_700, misses: 300, writes: 300 } }],
      });
      expect(code).toBe(0);
      expect(await keys()).toEqual([]);
    });

    it('alone is as large as --size says', async () => {
      const { answer } = await replay(['--size', '100', ...on('redis')]);
      const { emitted, tiers } = answer as unknown as {
        emitted: { hits: number; loads: number; evicted: number };
        tiers: { emitted: object; stored: object }[];
      };
      expect(answer).toMatchObject({ equal: true });
      expect(emitted.evicted).toBe(emitted.loads - 100);
      expect(tiers[0]!.stored).toEqual(tiers[0]!.emitted);
    });

    it('behind memory answers what memory lost, each with counts and hit ratio of its own', async () => {
      const { answer } = await replay(['--size', '100', '--policy', 'lru', ...on('memory,redis')]);
      expect(answer).toMatchObject({
        equal: true,
        emitted: { requests: 2_000, hits: 1_700, misses: 300, loads: 300, writes: 2_300 },
        hitRatio: 0.85,
        tiers: [
          { tier: 'memory', hitRatio: 0, stored: { requests: 2_000, misses: 2_000 } },
          { tier: 'redis', hitRatio: 0.85, stored: { requests: 2_000, hits: 1_700, misses: 300, writes: 300 } },
        ],
      });
      expect(await keys()).toEqual([]);
    });

    it('is the third behind memory and disk', async () => {
      const disk = ['--disk-path', 'cache', '--disk-max-bytes', '10_000_000'];
      const { answer } = await replay(['--size', '100', '--policy', 'lru', ...on('memory,disk,redis'), ...disk]);
      expect(answer).toMatchObject({
        equal: true,
        tiers: [
          { tier: 'memory', stored: { requests: 2_000, hits: 0 } },
          { tier: 'disk', hitRatio: 0.85, stored: { requests: 2_000, hits: 1_700, writes: 300 } },
          { tier: 'redis', hitRatio: 0, stored: { requests: 300, misses: 300, writes: 300 } },
        ],
      });
      expect(await keys()).toEqual([]);
    }, 30_000);

    it('is the second behind a disk tier, whose size is that of the cache', async () => {
      const disk = ['--disk-path', 'cache', '--disk-max-bytes', '10MB'];
      const { answer } = await replay(['--size', '1000', ...on('disk,redis'), ...disk]);
      expect(answer).toMatchObject({
        equal: true,
        cache: { policy: null, redis: { maxBytes: null } },
        emitted: { requests: 2_000, hits: 1_700, misses: 300, loads: 300, writes: 600 },
        tiers: [
          { tier: 'disk', hitRatio: 0.85, stored: { requests: 2_000, hits: 1_700, misses: 300, writes: 300 } },
          { tier: 'redis', hitRatio: 0, stored: { requests: 300, misses: 300, writes: 300 } },
        ],
      });
      expect(await keys()).toEqual([]);
    }, 30_000);

    it('answers behind a disk tier what that has evicted', async () => {
      const disk = ['--disk-path', 'cache', '--disk-max-bytes', '10MB', '--redis-max-bytes', '50MB'];
      const { answer } = await replay(['--size', '100', ...on('disk,redis'), ...disk]);
      expect(answer).toMatchObject({
        equal: true,
        cache: { maxEntries: 100, redis: { maxBytes: 50_000_000 } },
        emitted: { requests: 2_000, loads: 300, misses: 300, hits: 1_700 },
        tiers: [{ tier: 'disk' }, { tier: 'redis', stored: { writes: 300, misses: 300 } }],
      });
    }, 30_000);

    it('keeps apart from what others have there, and takes none of it away', async () => {
      const client = createClient({ url: redis().url });
      await client.connect();
      try {
        await client.set('{trace}:e:k0', 'of a service');
        const { answer } = await replay(['--size', '300', ...on('redis')]);
        expect(answer).toMatchObject({ equal: true, emitted: { misses: 300 } });
        expect(await client.keys('*')).toEqual(['{trace}:e:k0']);
        await client.flushAll();
      } finally {
        await client.close();
      }
    });

    it('leaves no key after Ctrl-C either', async () => {
      const stop = new AbortController();
      const running = replay(['--size', '100', '--rate', '200', ...on('memory,redis')], undefined, {
        signal: stop.signal,
      });
      while ((await keys()).length < 20) await new SystemClock().sleep(10);
      stop.abort();
      expect((await running).code).toBe(130);
      expect(await keys()).toEqual([]);
    });

    it('that goes away in the middle is told, with what to remove when it is back', async () => {
      const running = replay(['--size', '100', '--rate', '1000', ...on('memory,redis')]);
      while ((await keys()).length < 20) await new SystemClock().sleep(10);
      await redis().kill9();
      const { answer } = await running;
      await redis().restart();
      expect(answer).toMatchObject({ equal: true, tiers: [{ tier: 'memory' }, { tier: 'redis' }] });
      expect(messages).toContain('they count as neither hits nor misses');
      expect(messages).toMatch(
        /redis-cli -h 127\.0\.0\.1 -p \d+ --scan --pattern '\{alperf-replay\.[0-9a-f-]{36}\}:\*'/,
      );
    }, 30_000);
  });

  it('says before it begins that Redis is not there, and shows no password', async () => {
    const gone = await AskedServer.start();
    const { port } = new URL(gone.url);
    await gone.stop();
    const url = `redis://reader:s3cret@127.0.0.1:${port}`;
    const { code, answer } = await replay(['--size', '100', '--tier', 'memory,redis', '--redis', url]);
    expect([code, answer]).toEqual([
      3,
      {
        error: {
          code: 'UNREACHABLE',
          message: `Redis does not answer at 127.0.0.1:${port} (ECONNREFUSED).`,
          remedy: expect.stringContaining('redis-server'),
        },
        exitCode: 3,
      },
    ]);
    const mistyped = await replay(['--size', '100', '--tier', 'redis', '--redis', 'redis//reader:s3cret@127.0.0.1']);
    expect(mistyped.code).toBe(2);
    expect(messages + JSON.stringify([answer, mistyped.answer])).not.toContain('s3cret');
    expect(server.batches.size).toBe(0);
  });

  describeWithRedis(
    'with a Redis that asks for a password',
    1,
    (redis) => {
      it('says so before it begins, and replays with the right one without showing it', async () => {
        const at = (login: string) => ['--tier', 'redis', '--redis', `redis://${login}127.0.0.1:${redis().port}`];
        for (const login of ['', ':wr0ng@']) {
          const { code, answer } = await replay(['--size', '100', ...at(login)]);
          expect([code, answer]).toEqual([
            1,
            {
              error: expect.objectContaining({ code: 'REDIS', remedy: expect.stringContaining('password') }),
              exitCode: 1,
            },
          ]);
        }
        expect(server.batches.size).toBe(0);
        const { answer } = await replay(['--size', '300', ...at(':s3cret@')]);
        expect(answer).toMatchObject({ equal: true, hitRatio: 0.85 });
        expect(messages + JSON.stringify(answer)).not.toMatch(/s3cret|wr0ng/);
      }, 30_000);
    },
    { settings: { requirepass: 's3cret' } },
  );
});
