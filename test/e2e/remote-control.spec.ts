import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCache, encodeKey, memory, type Cache, type CacheOptions } from '#libs/cache';
import { disk } from '#libs/cache/disk';
import { snapshotFile } from '#libs/cache/node';
import type { CommandStatus, ControlState, InstancesAnswer, SettingsDryRun, SettingsEntry } from '#libs/contracts';
import {
  ControlClient,
  ControlLink,
  createTelemetry as createPureTelemetry,
  type LinkAnswer,
  type Telemetry,
} from '#libs/telemetry';
import { createTelemetry } from '#libs/telemetry/node';
import { MemoryTransport } from '#libs/telemetry/testing';
import { SystemClock } from '#libs/time';
import { ask } from '../../apps/api/src/control/testing/ask.js';
import { askSql, freePorts, ProductProcess, until } from '../support/processes.js';
import { seededRandom } from '../support/random.js';

const clock = new SystemClock();
const KEYS = 1_000;

describe('A running cache, controlled by the API of the product', () => {
  let folder: string;
  let url: string;
  let sqlUrl: string;
  let api: string;
  let server: ProductProcess;
  let telemetry: Telemetry;
  let pages: Cache<string, string>;
  let stopTraffic: () => void;

  const started: { shutdown(): Promise<unknown> }[] = [];
  function aTelemetry(): Telemetry {
    const made = createTelemetry({
      service: 'reader',
      version: '1',
      endpoint: url,
      salt: 'salt',
      flushIntervalMs: 200,
    });
    started.push(made);
    return made;
  }
  const aCache = (options: Partial<CacheOptions<string, string>> = {}) =>
    createCache<string, string>({
      name: 'pages',
      tiers: [memory({ maxEntries: 100, policy: 'lru' })],
      telemetry,
      loader: (key) => `page ${key}`,
      ...options,
    });
  const entry = (cache: string, selector = 'all') => `${api}/caches/${cache}/settings/${selector}`;
  async function put(at: string, settings: object): Promise<{ readonly json: SettingsEntry }> {
    const there = await ask(at);
    const answer = await ask<SettingsEntry>(
      at,
      'PUT',
      settings,
      there.etag === undefined ? {} : { 'if-match': there.etag },
    );
    if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.json)}`);
    return answer;
  }
  async function instanceOf({ instance }: Telemetry) {
    const { json } = await ask<InstancesAnswer>(`${api}/instances`);
    return json.instances.find((one) => one.instance === instance);
  }
  async function command({ instance }: Telemetry, operation: object, more: object = {}) {
    const asked = { cache: 'covers', operation, selector: `instance:${instance}`, ...more };
    const { status, json } = await ask<CommandStatus>(`${api}/commands?waitMs=5000`, 'POST', asked);
    if (status >= 300) throw new Error(`${status}: ${JSON.stringify(json)}`);
    return json.answers[0];
  }
  const limit = (cache: Cache<string, string>) => cache.stats().tiers[0]!.maxEntries;
  async function lastHitRatio(): Promise<number> {
    const [row] = await askSql<{ ratio: number }>(
      sqlUrl,
      "SELECT hits / (hits + misses) AS ratio FROM cache_windows WHERE cache = 'pages' ORDER BY time DESC LIMIT 1",
    );
    return Number(row?.ratio ?? Number.NaN);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-control-'));
    const [http, sql] = await freePorts(2);
    url = `http://127.0.0.1:${http}`;
    sqlUrl = `http://127.0.0.1:${sql}`;
    api = `${url}/v1/control/services/reader`;
    server = new ProductProcess('apps/standalone/src/main.js', [], {
      ALPERF_HTTP_PORT: String(http),
      ALPERF_SQL_PORT: String(sql),
      ALPERF_DATA_DIR: join(folder, 'data'),
    });
    await server.ready(url);
    telemetry = aTelemetry();
    pages = aCache({ bounds: { maxEntries: 2_000, maxTtl: '1h' } });
    const random = seededRandom(7);
    const timer = setInterval(() => {
      for (let i = 0; i < 100; i++) void pages.getOrLoad(`page-${Math.floor(random() * KEYS)}`);
    }, 20);
    stopTraffic = () => clearInterval(timer);
    await until(
      async () => (await instanceOf(telemetry))?.caches.length === 1,
      20_000,
      () => 'the cache has let itself be controlled, without its host doing anything',
    );
  }, 60_000);

  afterAll(async () => {
    stopTraffic?.();
    await pages?.close();
    for (const one of started) await one.shutdown();
    await server?.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);

  it('is resized, which its hit ratio in the database and its history show within seconds', async () => {
    const sized = async (maxEntries: number, reached: (ratio: number) => boolean) => {
      const { json } = await put(entry('pages'), { tiers: { memory: { maxEntries } } });
      const since = clock.monotonic();
      await until(
        async () => limit(pages) === maxEntries && reached(await lastHitRatio()),
        10_000,
        () => `a hit ratio that fits ${maxEntries} entries of ${KEYS} keys`,
      );
      return { revision: json.revision, seconds: (clock.monotonic() - since) / 1_000 };
    };
    await until(
      async () => (await lastHitRatio()) < 0.2,
      10_000,
      () => 'a tenth of the keys is held',
    );
    const grown = await sized(1_000, (ratio) => ratio > 0.95);
    const shrunk = await sized(200, (ratio) => ratio < 0.3);
    expect(Math.max(grown.seconds, shrunk.seconds)).toBeLessThan(6);
    const changes = async () =>
      askSql<{ revision: string | number; changed_by: string; settings: Record<string, string> }>(
        sqlUrl,
        "SELECT revision, changed_by, settings FROM cache_changes WHERE cache = 'pages' AND change = 'settings' ORDER BY time",
      );
    await until(
      async () => (await changes()).length >= 2,
      10_000,
      () => 'both changes are in the database',
    );
    const told = await changes();
    expect(told.map(({ revision }) => Number(revision))).toEqual([grown.revision, shrunk.revision]);
    expect(told.map(({ settings }) => settings['memory.maxEntries'])).toEqual(['1000', '200']);
    expect(told.every((one) => one.changed_by === 'operator')).toBe(true);
  }, 40_000);

  it('keeps to the bounds of its host, says so before and after, and gives back what is desired no more', async () => {
    const beyond = { tiers: { memory: { maxEntries: 2_001 } } };
    const dry = await ask<SettingsDryRun>(`${entry('pages')}?dryRun=true`, 'PUT', beyond, { 'if-match': '*' });
    expect(dry.json.instances).toMatchObject([{ refused: 'bounds' }]);
    await put(entry('pages'), { ...beyond, ttlMs: 5 });
    await until(
      async () => (await instanceOf(telemetry))?.caches[0]?.refused === 'bounds',
      10_000,
      () => 'the instance says that it refuses',
    );
    // What is refused is the host's own; what else is desired is in force.
    expect(limit(pages)).toBe(100);
    expect(pages.lifetime).toEqual({ ttl: 5 });
    await ask(entry('pages'), 'DELETE', undefined, { 'if-match': '*' });
    await until(
      () => limit(pages) === 100,
      10_000,
      () => "the host's own limit is back",
    );
  }, 30_000);

  it('applies nothing while the switch is off or it is away, and then the latest', async () => {
    await ask(`${api}/switch`, 'PUT', { on: false });
    await until(
      () => telemetry.control!.on === false,
      10_000,
      () => 'the switch has reached the instance',
    );
    const { json: missed } = await put(entry('pages'), { tiers: { memory: { maxEntries: 300 } } });
    await until(
      () => telemetry.control!.revision! >= missed.revision,
      10_000,
      () => 'the instance has heard of it',
    );
    expect(limit(pages)).toBe(100);
    telemetry.control!.enabled = false;
    await ask(`${api}/switch`, 'PUT', { on: true });
    await put(entry('pages'), { tiers: { memory: { maxEntries: 301 } } });
    await put(entry('pages'), { tiers: { memory: { maxEntries: 302 } } });
    expect(limit(pages)).toBe(100);
    telemetry.control!.enabled = true;
    await until(
      () => limit(pages) === 302,
      10_000,
      () => 'the latest is in force',
    );
    await ask(entry('pages'), 'DELETE', undefined, { 'if-match': '*' });
  }, 30_000);

  it('does what it is told, once: hot keys of the run before, conditions, a snapshot, a dry run first', async () => {
    const path = join(folder, 'covers');
    const covers = (owner: Telemetry) =>
      aCache({
        name: 'covers',
        telemetry: owner,
        snapshots: snapshotFile(join(folder, 'covers.snapshot')),
        tiers: [memory({ maxBytes: 2 ** 20, policy: 'lru' }), disk({ path, maxBytes: 2 ** 24 })],
      });
    const before = aTelemetry();
    const last = covers(before);
    for (const key of ['a', 'b', 'c']) await last.getOrLoad(key);
    await last.close();
    await before.shutdown();

    const now = aTelemetry();
    const cache = covers(now);
    const found = async () => (await instanceOf(now))?.caches.some(({ description }) => description.cache === 'covers');
    await until(
      async () => (await found()) === true,
      10_000,
      () => 'the new run is known',
    );
    expect(cache.getNow('c')).toBeUndefined();
    const warmed = await command(now, { do: 'warm', hottest: 2 });
    expect(warmed).toMatchObject({ entries: 2, details: { loaded: 2, failed: 0 } });
    expect([cache.getNow('a'), cache.getNow('b'), cache.getNow('c')]).toEqual([undefined, 'page b', 'page c']);
    const inspected = await command(now, { do: 'inspect', key: encodeKey('c') });
    expect(inspected?.details).toMatchObject({ 'memory.state': 'fresh', 'disk.state': 'fresh' });
    expect(inspected?.details?.['memory.because']).toContain('has not had to evict it');
    const old = { do: 'invalidate', where: { olderThanMs: 0 }, tier: 'memory' };
    expect(await command(now, old, { dryRun: true })).toMatchObject({ entries: 2 });
    expect(cache.getNow('c')).toBe('page c');
    expect(await command(now, old)).toMatchObject({ entries: 2 });
    expect(cache.getNow('c')).toBeUndefined();
    expect(await command(now, { do: 'import' })).toMatchObject({
      refused: 'failed',
      reason: expect.stringContaining('ENOENT'),
    });
    expect(await command(now, { do: 'export' })).toMatchObject({ entries: 3 });
    const cleared = await command(now, { do: 'clear' });
    expect(cleared!.entries).toBeGreaterThanOrEqual(3);
    expect(await cache.get('a')).toBeUndefined();
    expect(await command(now, { do: 'import' })).toMatchObject({ entries: 3 });
    expect(await cache.get('a')).toBe('page a');
    await cache.close();
    await until(
      async () => (await found()) !== true || (await instanceOf(now))?.connected === false,
      10_000,
      () => 'the closed cache has left',
    );
  }, 30_000);
});

/** A channel on which a test says what comes. */
class ScriptedLink extends ControlLink {
  say: ((name: string, data: object) => void) | undefined;

  listen(...[, , on, signal]: Parameters<ControlLink['listen']>): Promise<LinkAnswer> {
    this.say = (name, data) => on.event({ name, data: JSON.stringify(data), id: undefined });
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 200 })));
  }

  async report(): Promise<LinkAnswer> {
    return { status: 204 };
  }
}

it('takes no message of the future, twice or out of order: a real cache on a channel that says all of that', async () => {
  const link = new ScriptedLink();
  const transport = new MemoryTransport();
  const telemetry = createPureTelemetry({
    service: 'reader',
    version: '1',
    transport,
    clock,
    random: seededRandom(1),
    control: (host) => new ControlClient({ ...host, link }),
  });
  const cache = createCache<string, string>({ name: 'pages', tiers: [memory({ maxEntries: 10 })], telemetry });
  await until(
    () => link.say !== undefined,
    5_000,
    () => 'the cache has made its telemetry listen',
  );
  const say = link.say!;
  const limit = () => cache.stats().tiers[0]!.maxEntries;
  const now = clock.now();
  const by = { role: 'operator', key: 'local' } as const;
  const state = (revision: number, maxEntries: number, at = now): ControlState => ({
    revision,
    at,
    on: true,
    by,
    caches: { pages: { tiers: { memory: { maxEntries } } } },
  });
  const clear = { id: randomUUID(), revision: 5, cache: 'pages', operation: { do: 'clear' }, dryRun: false, by };
  say('hello', { now, heartbeatMs: 15_000 });
  say('state', state(5, 20));
  say('state', state(4, 99));
  say('state', state(5, 99));
  say('state', state(6, 99, now + 3_600_000));
  say('state', state(7, 30));
  await until(
    () => telemetry.control!.revision === 7,
    5_000,
    () => 'the newest state is settled',
  );
  expect(limit()).toBe(30);
  await cache.set('a', 'A');
  const valid = { issuedAt: now, validUntil: now + 600_000 };
  say('command', { ...clear, id: randomUUID(), issuedAt: now + 3_600_000, validUntil: now + 7_200_000 });
  say('command', { ...clear, id: randomUUID(), issuedAt: now - 2, validUntil: now - 1 });
  say('command', { ...clear, ...valid });
  await until(
    () => cache.stats().tiers[0]!.entries === 0,
    5_000,
    () => 'the valid command is done',
  );
  await cache.set('b', 'B');
  say('command', { ...clear, ...valid });
  say('state', state(8, 40));
  await until(
    () => limit() === 40,
    5_000,
    () => 'what came behind is done',
  );
  expect(cache.getNow('b')).toBe('B');
  await cache.close();
  await telemetry.shutdown();
  const sent = transport.sent.flatMap(({ events }) => events);
  const told = sent.filter((event) => event.kind === 'cache.change');
  expect(told.map(({ change, by: who, revision }) => [change, who, revision])).toEqual([
    ['created', 'host', undefined],
    ['settings', 'operator', 7],
    ['cleared', 'operator', 5],
    ['settings', 'operator', 8],
    ['closed', 'host', undefined],
  ]);
});
