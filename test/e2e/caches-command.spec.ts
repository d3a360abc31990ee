import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { COMMANDS, run, type ActionReport, type CacheView, type Host, type ShownCache } from '#apps/cli';
import { createCache, memory, type Cache } from '#libs/cache';
import type { InstancesAnswer } from '#libs/contracts';
import { createTelemetry } from '#libs/telemetry/node';
import { SystemClock } from '#libs/time';
import { freePorts, ProductProcess, until } from '../support/processes.js';

const clock = new SystemClock();

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
    pages = createCache<string, number>({ name: 'pages', tiers: [memory({ maxEntries: 20 })], telemetry });
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
        terminal: { interactive: false, columns: 100, rows: 50, write },
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

  it('tell of each change what became different, also from one that is not shown any more', async () => {
    const desire = async (settings: object) => {
      const address = `${url}/v1/control/services/reader/caches/pages/settings/all`;
      const reply = await fetch(address, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'if-match': '*' },
        body: JSON.stringify(settings),
      });
      expect(reply.status).toBe(200);
      const { revision } = (await reply.json()) as { revision: number };
      let last: ShownCache['changes'][number] | undefined;
      await until(
        async () => {
          [last] = (await read<ShownCache>('cache', 'reader/pages', '--changes', '1')).changes;
          return last?.revision === revision;
        },
        30_000,
        () => JSON.stringify(last),
      );
      return last;
    };
    expect(await desire({ tiers: { memory: { maxEntries: 5 } } })).toMatchObject({
      changed: { 'memory.maxEntries': { from: '10', to: '5' } },
    });
    expect(await desire({ tiers: { memory: { maxEntries: 5 } }, ttlMs: 900_000 })).toMatchObject({
      changed: { ttlMs: { from: null, to: '900000' } },
    });
    expect((await alperf(['cache', 'reader/pages', '--changes', '1'])).stdout).toContain('ttlMs=15 min (was not set)');
    expect(await desire({ tiers: { memory: { maxEntries: 5 } }, ttlMs: 900_000, paused: false })).toMatchObject({
      changed: {},
    });
    expect((await alperf(['cache', 'reader/pages', '--changes', '1'])).stdout).toContain('nothing was different');
  }, 60_000);

  it('compare the first change of an instance with what its tiers told when they were created', async () => {
    const told = createTelemetry({ service: 'teller', version: '1', endpoint: url, control: false });
    const [memoryTier, diskTier] = ['memory', 'disk'].map((tier) => told.cache('told', { tier }));
    memoryTier!.loaded();
    const limits = { 'memory.maxBytes': 100, 'disk.maxBytes': 1_000 };
    memoryTier!.change({ change: 'created', by: 'host', settings: { 'memory.maxBytes': 100, policy: 'lru' } });
    diskTier!.change({ change: 'created', by: 'host', settings: { 'disk.maxBytes': 1_000 } });
    memoryTier!.change({ change: 'cleared', by: 'operator', entries: 5, revision: 1 });
    memoryTier!.change({ change: 'settings', by: 'operator', settings: { ...limits, policy: 'arc' }, revision: 2 });
    memoryTier!.change({ change: 'settings', by: 'operator', settings: limits, revision: 3 });
    await told.shutdown();
    let changes: ShownCache['changes'] = [];
    await until(
      async () => {
        const ended = await alperf(['cache', 'teller/told', '--json']);
        changes = ended.code === 0 ? (JSON.parse(ended.stdout) as ShownCache).changes : [];
        return changes.length === 5;
      },
      30_000,
      () => JSON.stringify(changes),
    );
    const changed = (revision: number) => changes.find((one) => one.revision === revision)?.changed;
    expect([1, 2, 3].map(changed)).toEqual([
      null,
      { policy: { from: 'lru', to: 'arc' } },
      { policy: { from: 'arc', to: null } },
    ]);
  }, 60_000);

  it('tell of a name mistyped and of one that nobody knows', async () => {
    expect(await alperf(['cache', 'pags'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Did you mean `pages`?'),
    });
    expect((await alperf(['cache', 'nope/pages'])).stderr).toContain('There are: reader/pages');
    for (const argv of [['caches'], ['cache', 'pages'], ['cache', 'pages', 'clear', '--dry-run']])
      expect(await alperf([...argv, '--service', 'nobody'])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/No cache of a service "nobody" has reported .*\nThere are: reader/),
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
      terminal: { interactive: true, columns: 100, rows: 50, write },
    });
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('reader/pages') });
  });

  it('are drawn within the window, and again when its size changes', async () => {
    const stop = new AbortController();
    const frames: string[][] = [];
    const window = { columns: 80, rows: 24 };
    let resized = () => {};
    let following = 0;
    const terminal: Host['terminal'] = {
      interactive: true,
      get columns() {
        return window.columns;
      },
      get rows() {
        return window.rows;
      },
      write: (text) => {
        frames.push(stripVTControlCharacters(text).split('\n'));
        if (frames.length === 1)
          queueMicrotask(() => {
            Object.assign(window, { columns: 40, rows: 10 });
            resized();
          });
        if (frames.length === 2) stop.abort();
      },
      onResize: (callback) => {
        resized = callback;
        following++;
        return () => void following--;
      },
    };
    // Longer than the test may take: the second frame is that of the new size.
    const argv = ['cache', 'reader/pages', '--watch', '--interval', '600'];
    const ended = await alperf(argv, { signal: stop.signal, terminal, stdoutColumns: 60 });
    expect(ended.code).toBe(0);
    const [first, second] = frames;
    expect([first!.length, second!.length]).toEqual([24, 10]);
    expect(Math.max(...first!.map((line) => line.length))).toBeLessThan(80);
    expect(Math.max(...second!.map((line) => line.length))).toBeLessThan(40);
    expect(first!.join('\n')).toMatch(/\nhits +\d+\n[\s\S]*… \d+ more lines: a higher window shows them/);
    expect(Math.max(...ended.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(following).toBe(0);
  });

  describe('act on a cache', () => {
    let covers: Cache<string, number>;
    let bounded: Cache<string, number>;
    let other: ReturnType<typeof createTelemetry>;

    beforeAll(async () => {
      other = createTelemetry({ service: 'reader', version: '1', endpoint: url });
      const tiers = (): [ReturnType<typeof memory>] => [memory({ maxEntries: 40, policy: 'lru' })];
      covers = createCache<string, number>({ name: 'covers', tiers: tiers(), telemetry });
      bounded = createCache<string, number>({
        name: 'covers',
        tiers: tiers(),
        telemetry: other,
        bounds: { maxEntries: 50 },
      });
      await until(
        async () => (await having('covers')).length === 2,
        20_000,
        () => 'both instances listen and have told of their caches',
      );
    }, 30_000);

    beforeEach(async () => {
      for (let i = 0; i < 10; i++) for (const cache of [covers, bounded]) await cache.set(`k${i}`, i);
    });

    afterAll(async () => {
      await covers?.close();
      await bounded?.close();
      await other?.shutdown({ deadlineMs: 1_000 });
    });

    async function having(cache: string) {
      const answer = await fetch(`${url}/v1/control/services/reader/instances`);
      const { instances } = (await answer.json()) as InstancesAnswer;
      return instances.filter(
        ({ connected, caches }) => connected && caches.some(({ description }) => description.cache === cache),
      );
    }

    async function done(code: number, ...argv: string[]): Promise<ActionReport> {
      // No database is asked where the service is named: at this address there is none.
      const ended = await alperf(['cache', 'reader/covers', ...argv, '--json', '--sql', 'http://127.0.0.1:2']);
      expect([ended.code, ended.stderr]).toEqual([code, '']);
      return JSON.parse(ended.stdout) as ActionReport;
    }
    const at = ({ instances }: ActionReport, { instance }: { readonly instance: string }) =>
      instances.find((one) => one.instance === instance);
    const held = () => [covers, bounded].map((cache) => cache.stats().tiers[0]!.entries);
    const policies = async () =>
      (await having('covers')).map(
        ({ caches }) =>
          caches.find(({ description }) => description.cache === 'covers')!.description.settings['policy'],
      );
    const limits = () => [covers, bounded].map((cache) => cache.stats().tiers[0]!.maxEntries);

    it('only when somebody agreed to what would be lost, which is said before', async () => {
      const dry = await done(0, 'clear', '--dry-run');
      expect(dry).toMatchObject({ action: 'clear', service: 'reader', cache: 'covers', dryRun: true, entries: 20 });
      expect(at(dry, telemetry)).toMatchObject({ outcome: 'applied', entries: 10 });
      expect(held()).toEqual([10, 10]);

      const alone = await alperf(['cache', 'reader/covers', 'clear']);
      expect(alone).toMatchObject({ code: 2, stdout: '' });
      expect(alone.stderr).toMatch(/dry run; would apply in 2; 20 entries, .* would go\n/);
      expect(alone.stderr).toContain('Add --yes to do it');

      const answering = (line: string) => ({
        stdinIsTerminal: true,
        stdin: (async function* () {
          yield Buffer.from(line);
        })(),
      });
      expect(await alperf(['cache', 'reader/covers', 'clear'], answering('n\n'))).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('clear reader/covers? [y/N] Nothing was done.'),
      });
      expect(held()).toEqual([10, 10]);
      const agreed = await alperf(['cache', 'covers', 'clear', '--service', 'reader'], answering('y\n'));
      expect(agreed).toMatchObject({ code: 0, stdout: expect.stringContaining('applied in 2; 20 entries') });
      expect(held()).toEqual([0, 0]);
    }, 30_000);

    it('in the instances that a selector names, by key, prefix and condition', async () => {
      const one = await done(0, 'invalidate', '--key', 'k3', '--selector', `instance:${other.instance}`, '--yes');
      expect(one).toMatchObject({ selector: `instance:${other.instance}`, entries: 1, instances: [{ entries: 1 }] });
      expect([covers.getNow('k3'), bounded.getNow('k3')]).toEqual([3, undefined]);
      expect(await done(0, 'invalidate', '--prefix', 'k', '--tier', 'memory', '--yes')).toMatchObject({ entries: 19 });
      expect(await done(0, 'invalidate', '--older-than', '1h', '--dry-run')).toMatchObject({ entries: 0 });
      const refused = await done(1, 'clear', '--tier', 'disk', '--yes');
      expect(at(refused, telemetry)).toMatchObject({ outcome: 'refused', refused: 'unsupported' });
      for (const wrong of [[], ['--key', 'a', '--tag', 'b'], ['--key', 'a b', '--structured']])
        expect((await alperf(['cache', 'reader/covers', 'invalidate', ...wrong])).code).toBe(2);
    }, 30_000);

    it('by settings that each instance applies or refuses, one beside the other, until they are given back', async () => {
      const shrinking = await done(0, 'resize', '--max-entries', '4', '--dry-run');
      expect(shrinking).toMatchObject({ entries: 12, revision: null });
      expect(at(shrinking, other)).toMatchObject({ before: {}, after: { 'memory.maxEntries': 4 }, entries: 6 });
      const unasked = await alperf(['cache', 'reader/covers', 'resize', '--max-entries', '4']);
      expect([unasked.code, limits()]).toEqual([2, [40, 40]]);

      // Nothing would be lost: nobody has to agree.
      expect(await done(0, 'policy', 'sieve')).toMatchObject({ instances: [{ inForce: { policy: 'sieve' } }, {}] });
      expect(await done(0, 'ttl', '15m')).toMatchObject({ instances: [{ inForce: { ttlMs: 900_000 } }, {}] });
      const grown = await done(1, 'resize', '--max-entries', '60');
      expect(grown.revision).toBeGreaterThan(0);
      expect(at(grown, telemetry)).toMatchObject({ outcome: 'applied', inForce: { 'memory.maxEntries': 60 } });
      expect(at(grown, other)).toMatchObject({ outcome: 'refused', refused: 'bounds' });
      expect(grown.takeBack).toBe('cache reader/covers resize --tier memory --reset');
      expect(limits()).toEqual([60, 40]);

      expect(await done(0, 'resize', '--reset', '--yes')).toMatchObject({ instances: [{ outcome: 'applied' }, {}] });
      expect(limits()).toEqual([40, 40]);
      // What else is desired stays.
      expect(await policies()).toEqual(['sieve', 'sieve']);
      expect((await alperf(['cache', 'reader/covers', 'pause'])).code).toBe(2);
      await done(0, 'pause', '--yes');
      expect([covers.stats().paused, bounded.stats().paused]).toEqual([true, true]);
      await done(0, 'resume');
      expect([covers.stats().paused, bounded.stats().paused]).toEqual([false, false]);
      await done(0, 'ttl', '--reset');
      await done(0, 'policy', '--reset');
      expect(await policies()).toEqual(['lru', 'lru']);
      expect((await fetch(`${url}/v1/control/services/reader/caches/covers/settings/all`)).status).toBe(404);
    }, 60_000);

    it('but for what every instance that listens would refuse, which is not stored', async () => {
      const only = ['--selector', `instance:${other.instance}`];
      const argv = ['cache', 'reader/covers', 'resize', '--max-entries', '60', ...only];
      for (const consent of [[], ['--yes']]) {
        const ended = await alperf([...argv, ...consent]);
        expect([ended.code, ended.stdout]).toEqual([1, '']);
        expect(ended.stderr).toMatch(
          /is not stored: memory\.maxEntries is 60; .*\nIts host allows: memory\.maxEntries up to 50\./,
        );
      }
      expect(await done(1, 'resize', '--max-entries', '60', ...only, '--dry-run')).toMatchObject({
        instances: [{ outcome: 'refused', refused: 'bounds' }],
      });
      const address = `${url}/v1/control/services/reader/caches/covers/settings/instance:${other.instance}`;
      expect((await fetch(address)).status).toBe(404);
    }, 30_000);

    it('but for what a more specific selector says, and an instance that is away, which is told', async () => {
      await done(0, 'resize', '--max-entries', '20', '--selector', `instance:${other.instance}`);
      const all = await done(0, 'resize', '--max-entries', '30');
      expect(at(all, telemetry)).toMatchObject({ outcome: 'applied' });
      expect(at(all, other)).toMatchObject({
        outcome: 'unchanged',
        reason: 'memory.maxEntries is 20 by another selector',
      });
      other.control!.enabled = false;
      await until(
        async () => (await having('covers')).length === 1,
        20_000,
        () => 'one instance does not listen any more',
      );
      const left = await done(0, 'clear', '--yes');
      expect(at(left, telemetry)).toMatchObject({ outcome: 'applied', entries: 10 });
      expect(at(left, other)).toMatchObject({
        outcome: 'away',
        connected: false,
        reason: 'not connected; does it when it is back within 10 min',
      });
    }, 60_000);

    it('not while the switch is off, nor under a name or an action that there is not', async () => {
      const flip = (on: boolean) =>
        fetch(`${url}/v1/control/services/reader/switch`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ on }),
        });
      await flip(false);
      expect(await alperf(['cache', 'reader/covers', 'clear', '--yes'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('the switch is off'),
      });
      await flip(true);
      expect(await alperf(['cache', 'reader/coverz', 'clear', '--yes'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Did you mean `reader/covers`?'),
      });
      expect(await alperf(['cache', 'covers', 'cler'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Did you mean `clear`?'),
      });
    }, 30_000);
  });
});
