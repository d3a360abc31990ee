import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS, run, type CacheView, type Host, type ShownCache } from '#apps/cli';
import { createCache, memory, type Cache } from '#libs/cache';
import { ControlTarget, type CacheDescription, type ControlSettings, type OperationOutcome } from '#libs/contracts';
import { createTelemetry } from '#libs/telemetry/node';
import { SystemClock } from '#libs/time';
import { freePorts, ProductProcess, until } from '../support/processes.js';

const clock = new SystemClock();

/** Takes a limit of entries from afar. */
class ResizedFromAfar extends ControlTarget {
  constructor(private readonly cache: Cache<string, number>) {
    super();
  }

  describe(): CacheDescription {
    const { tier, entries, maxEntries } = this.cache.stats().tiers[0]!;
    return { cache: 'pages', tiers: [{ tier, entries }], settings: { 'memory.maxEntries': maxEntries! } };
  }

  async apply({ tiers = {} }: ControlSettings): Promise<undefined> {
    await this.cache.resize('memory', { maxEntries: tiers['memory']?.maxEntries ?? 20 });
  }

  async run(): Promise<OperationOutcome> {
    return { refused: 'unsupported', reason: 'It only resizes.' };
  }
}

describe('alperf caches and alperf cache, of a real server and a service that it controls', () => {
  let folder: string;
  let url: string;
  let server: ProductProcess;
  let telemetry: ReturnType<typeof createTelemetry>;
  let pages: Cache<string, number>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-caches-'));
    const [http, sql] = await freePorts(2);
    url = `http://127.0.0.1:${http}`;
    server = new ProductProcess('apps/standalone/src/main.js', [], {
      ALPERF_HTTP_PORT: String(http),
      ALPERF_SQL_PORT: String(sql),
      ALPERF_DATA_DIR: join(folder, 'data'),
    });
    await server.ready(url);
    telemetry = createTelemetry({ service: 'reader', version: '1', endpoint: url });
    const { cache } = telemetry;
    pages = createCache<string, number>({
      name: 'pages',
      tiers: [memory({ maxEntries: 20 })],
      telemetry: { cache: cache.bind(telemetry) },
    });
    telemetry.control!.add(new ResizedFromAfar(pages));
    for (let i = 0; i < 100; i++) await pages.getOrLoad(`k${i % 25}`, async () => i);
    await telemetry.flush();
  }, 60_000);

  afterAll(async () => {
    await pages.close();
    await telemetry.shutdown({ deadlineMs: 1_000 });
    await server.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  /** Runs a command in this process: a process of its own for each look would take most of the time. */
  async function alperf(argv: readonly string[], more: Partial<Host> = {}) {
    let stdout = '';
    let stderr = '';
    const write = (text: string) => void (stderr += text);
    const code = await run([...argv, '--endpoint', url], {
      commands: COMMANDS,
      version: '0',
      stdout: (text) => void (stdout += text),
      host: {
        clock,
        env: {},
        cwd: folder,
        terminal: { interactive: false, columns: 100, write },
        stdin: process.stdin,
        random: () => 0,
        signal: new AbortController().signal,
        nodeVersion: process.versions.node,
        ...more,
      },
    });
    return { code, stdout, stderr };
  }

  async function read<Answer>(...argv: string[]): Promise<Answer> {
    const { code, stdout, stderr } = await alperf([...argv, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as Answer;
  }

  it('count what the cache counts, and show on a change from afar what is in force and what is desired', async () => {
    const stats = pages.stats();
    let view: CacheView | undefined;
    await until(
      async () => {
        [view] = (await read<{ caches: CacheView[] }>('caches')).caches;
        return view?.requests === stats.gets && view.standing?.connected === 1;
      },
      30_000,
      () => JSON.stringify(view),
    );
    expect(view).toMatchObject({
      service: 'reader',
      cache: 'pages',
      requests: 100,
      hitRatio: stats.tiers[0]!.hitRatio,
      instances: 1,
      tiers: [
        {
          tier: 'memory',
          counts: { hits: stats.tiers[0]!.requests.hit, evicted: stats.tiers[0]!.removals.evicted },
          gauges: { max_entries: 20 },
        },
      ],
      standing: { connected: 1, desiredRevision: null, on: true },
    });
    const put = await fetch(`${url}/v1/control/services/reader/caches/pages/settings/all`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tiers: { memory: { maxEntries: 10 } } }),
    });
    expect(put.status).toBe(201);
    const { revision } = (await put.json()) as { revision: number };
    let one: ShownCache | undefined;
    await until(
      async () => {
        one = await read<ShownCache>('cache', 'pages');
        return one.changes.some(({ by }) => by === 'operator') && one.standing?.upToDate === 1;
      },
      30_000,
      () => JSON.stringify(one),
    );
    expect(one).toMatchObject({
      standing: { desiredRevision: revision, refused: [] },
      settings: [
        { inForce: { 'memory.maxEntries': 10 }, desired: { 'memory.maxEntries': 10 }, instance: telemetry.instance },
      ],
      changes: expect.arrayContaining([expect.objectContaining({ by: 'operator', revision, instances: 1 })]),
      details: [{ tier: 'memory', spreads: { load: { count: stats.loads } } }],
    });
    const { stdout } = await alperf(['cache', 'reader/pages']);
    expect(stdout).toContain(`revision ${revision} in force`);
    expect(stdout).toMatch(/memory\.maxEntries +10 +10/);
  }, 60_000);

  it('tell of a name mistyped and of one that nobody knows', async () => {
    expect(await alperf(['cache', 'pags'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean `pages`?'),
    });
    expect(await alperf(['caches', '--service', 'nobody'])).toMatchObject({
      code: 0,
      stdout: 'No cache has reported.\n',
    });
  });

  it('are drawn again until Ctrl-C, which is no failure', async () => {
    const stop = new AbortController();
    let drawn = '';
    const write = (text: string) => {
      drawn += text;
      if (drawn.split('reader/pages').length > 3) stop.abort();
    };
    const ended = await alperf(['caches', '--watch', '--interval', '0.1'], {
      signal: stop.signal,
      terminal: { interactive: true, columns: 100, write },
    });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('reader/pages') });
  });
});
