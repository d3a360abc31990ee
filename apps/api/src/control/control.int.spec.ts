import { describe, expect, it } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import type {
  CommandStatus,
  ControlHistoryEntry,
  InstancesAnswer,
  SettingsDryRun,
  SettingsEntry,
} from '#libs/contracts';
import { ApiKeys, createKey, type Scope } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { until } from './testing/an-instance.js';
import { ask } from './testing/ask.js';
import { controlAtWork } from './testing/control-at-work.js';
import { RecordingTarget } from './testing/recording-target.js';

const clock = new SystemClock();
const { start, anInstance, folder, closeAfter } = controlAtWork();

const SERVICE = '/v1/control/services/reader';
const ENTRY = `${SERVICE}/caches/pages/settings/all`;

describe('Settings from afar', () => {
  it('reach an instance that listens, are acknowledged, and go back to what the host had when they are deleted', async () => {
    const { url } = await start();
    const { client, target, changes, instance } = anInstance(url);
    await until('listens', () => client.revision !== undefined);
    const put = await ask<SettingsEntry>(url + ENTRY, 'PUT', { ttlMs: 5_000, tiers: { memory: { maxBytes: 4_096 } } });
    expect([put.status, put.etag]).toEqual([201, `"${put.json.revision}"`]);
    await until('applied', () => target.settings.ttlMs === 5_000);
    await until('told', () => changes.length === 1);
    expect(changes[0]).toEqual({
      cache: 'pages',
      change: 'settings',
      by: 'operator',
      revision: put.json.revision,
      settings: { ttlMs: 5_000, 'memory.maxBytes': 4_096 },
    });
    const acknowledged = async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return json.instances[0];
    };
    await until('acknowledged', async () => (await acknowledged())?.acknowledged === put.json.revision);
    expect(await acknowledged()).toMatchObject({
      instance,
      connected: true,
      version: '1.0.0',
      desired: put.json.revision,
    });

    expect((await ask(url + ENTRY, 'DELETE', undefined, { 'if-match': put.etag! })).status).toBe(204);
    await until('given back', () => target.applied.length === 2);
    expect(target.settings).toEqual({});
    const { json } = await ask<{ history: ControlHistoryEntry[] }>(`${url}${SERVICE}/history`);
    expect(json.history.map(({ change, by }) => [change, by.key])).toEqual([
      ['removed', 'local'],
      ['settings', 'local'],
    ]);
  });

  it('are refused where they are beyond what the host allows, and a dry run says so before', async () => {
    const { url } = await start();
    const target = new RecordingTarget('pages', { maxTtlMs: 10_000 });
    const { client, instance } = anInstance(url, { target });
    await until('reported', async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return client.revision !== undefined && json.instances[0]?.caches.length === 1;
    });
    const tried = await ask<SettingsDryRun>(`${url}${ENTRY}?dryRun=true`, 'PUT', { ttlMs: 20_000 });
    expect(tried.json.instances).toMatchObject([{ instance, before: {}, after: { ttlMs: 20_000 }, refused: 'bounds' }]);
    expect((await ask(url + ENTRY)).status).toBe(404);
    await ask(url + ENTRY, 'PUT', { ttlMs: 20_000 });
    await until('refused', async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return json.instances[0]?.caches[0]?.refused === 'bounds';
    });
    expect(target.applied).toEqual([]);
  });

  it('are tried out as they would be written: If-Match, what an instance cannot do, what would be evicted', async () => {
    const { url } = await start();
    const { client, instance } = anInstance(url);
    await until('reported', async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return client.revision !== undefined && json.instances[0]?.caches.length === 1;
    });
    const tryPut = (body: object, headers: Record<string, string> = {}) =>
      ask<SettingsDryRun>(`${url}${ENTRY}?dryRun=true`, 'PUT', body, headers);
    const smaller = await tryPut({ tiers: { memory: { maxBytes: 400, maxEntries: 4 } } });
    expect(smaller.json.instances).toMatchObject([
      { instance, known: true, evicts: [{ tier: 'memory', entries: 6, bytes: 600 }] },
    ]);
    const unsupported = await tryPut({ tiers: { disk: { maxBytes: 400 } } });
    expect(unsupported.json.instances).toMatchObject([{ instance, known: true, refused: 'unsupported' }]);
    expect((await tryPut({ ttlMs: 1 }, { 'if-match': '"1"' })).status).toBe(412);
    const { etag } = await ask(url + ENTRY, 'PUT', { ttlMs: 1 });
    const tryDelete = (headers: Record<string, string>) =>
      ask(`${url}${ENTRY}?dryRun=true`, 'DELETE', undefined, headers);
    const statuses = async (...tried: Promise<{ readonly status: number }>[]) =>
      (await Promise.all(tried)).map(({ status }) => status);
    expect(await statuses(tryPut({ ttlMs: 2 }), tryPut({ ttlMs: 2 }, { 'if-match': '"1"' }))).toEqual([409, 412]);
    expect(await statuses(tryDelete({}), tryDelete({ 'if-match': '"1"' }))).toEqual([409, 412]);
    expect(await statuses(tryPut({ ttlMs: 2 }, { 'if-match': etag! }), tryDelete({ 'if-match': '*' }))).toEqual([
      200, 200,
    ]);
  });

  it('of one instance go before those of all, in that instance alone', async () => {
    const { url } = await start();
    const [one, other] = [anInstance(url), anInstance(url)];
    await ask(url + ENTRY, 'PUT', { ttlMs: 1, policy: 'lru' });
    await ask(`${url}${SERVICE}/caches/pages/settings/instance:${one.instance}`, 'PUT', { ttlMs: 2 });
    await until('both', () => one.target.settings.ttlMs === 2 && other.target.settings.ttlMs === 1);
    expect(one.target.settings).toEqual({ ttlMs: 2, policy: 'lru' });
  });

  it('have revisions: whoever did not see the last one changes nothing', async () => {
    const { url } = await start();
    const first = await ask(url + ENTRY, 'PUT', { ttlMs: 1 });
    expect((await ask(url + ENTRY, 'PUT', { ttlMs: 2 })).status).toBe(409);
    const second = await ask(url + ENTRY, 'PUT', { ttlMs: 2 }, { 'if-match': first.etag! });
    expect(second.status).toBe(200);
    expect((await ask(url + ENTRY, 'PUT', { ttlMs: 3 }, { 'if-match': first.etag! })).status).toBe(412);
    expect((await ask(url + ENTRY, 'DELETE', undefined, { 'if-match': first.etag! })).status).toBe(412);
    expect((await ask(url + ENTRY, 'PUT', { ttlMs: 4 }, { 'if-match': '*' })).status).toBe(200);
    expect((await ask<SettingsEntry>(url + ENTRY)).json.settings).toEqual({ ttlMs: 4 });
  });

  it('are told with who changed them, also who took them away, cache by cache', async () => {
    const { url } = await start();
    const pages = new RecordingTarget('pages');
    const covers = new RecordingTarget('covers');
    const { client } = anInstance(url, { target: pages });
    client.add(covers);
    await until('listens', () => client.revision !== undefined);
    const at = (cache: string, role: string) => `${url}${SERVICE}/caches/${cache}/settings/all?role=${role}`;
    const any = { 'if-match': '*' };
    const told = ({ applied }: RecordingTarget) => applied.map(({ origin }) => origin.by.role);
    await ask(at('covers', 'operator'), 'PUT', { ttlMs: 1 });
    await ask(at('pages', 'controller'), 'PUT', { ttlMs: 2 });
    await until('both', () => covers.applied.length === 1 && pages.applied.length === 1);
    await ask(at('pages', 'controller'), 'DELETE', undefined, any);
    await until('given back', () => pages.applied.length === 2);
    expect([told(covers), told(pages)]).toEqual([['operator'], ['controller', 'controller']]);
    client.enabled = false;
    await ask(at('covers', 'controller'), 'DELETE', undefined, any);
    await ask(at('pages', 'operator'), 'PUT', { ttlMs: 3 });
    client.enabled = true;
    await until('both anew', () => covers.applied.length === 2 && pages.applied.length === 3);
    expect([told(covers).at(-1), told(pages).at(-1)]).toEqual(['controller', 'operator']);
  });

  it('written to two API processes at once are all kept, and each process streams what the other one wrote', async () => {
    const [a, b] = [await start(), await start()];
    const { target } = anInstance(a.url);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        ask<SettingsEntry>(`${i % 2 === 0 ? a.url : b.url}${SERVICE}/caches/c${i}/settings/all`, 'PUT', { ttlMs: i }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(({ json }) => json.revision)).size).toBe(20);
    const { json } = await ask<{ settings: unknown[] }>(a.url + SERVICE);
    expect(json.settings).toHaveLength(20);
    const started = clock.monotonic();
    await ask(b.url + ENTRY, 'PUT', { ttlMs: 77 });
    await until('seen', () => target.settings.ttlMs === 77);
    expect(clock.monotonic() - started).toBeLessThan(2_000);
  });
});

describe('The switch', () => {
  it('withdraws what an instance holds, also when its own API process hears of it when that is on again', async () => {
    const [a, b] = [await start(), await start()];
    const { client } = anInstance(a.url);
    await until('listens', () => client.revision !== undefined);
    await ask(`${a.url}${SERVICE}/commands`, 'POST', { cache: 'later', operation: { do: 'clear' } });
    const { json } = await ask<SettingsEntry>(a.url + ENTRY, 'PUT', { ttlMs: 1 });
    await until('it holds the command', () => client.revision === json.revision);
    await ask(`${b.url}${SERVICE}/switch`, 'PUT', { on: false });
    await ask(`${b.url}${SERVICE}/switch`, 'PUT', { on: true });
    await until('it has heard', () => client.on === true && client.revision! > json.revision + 1);
    const later = new RecordingTarget('later');
    client.add(later);
    await ask(`${a.url}${SERVICE}/commands`, 'POST', { cache: 'later', operation: { do: 'verify' } });
    await until('it does the next one', () => later.ran.length > 0);
    expect(later.ran.map(({ operation }) => operation.do)).toEqual(['verify']);
  });

  it('keeps everything from being applied until it is on again, then the latest is', async () => {
    const { url } = await start();
    const { client, target } = anInstance(url);
    await ask(url + ENTRY, 'PUT', { ttlMs: 1 });
    await until('applied', () => target.settings.ttlMs === 1);
    await ask(`${url}/v1/control/switch`, 'PUT', { on: false });
    await until('off', () => client.on === false);
    await ask(url + ENTRY, 'PUT', { ttlMs: 2 }, { 'if-match': '*' });
    await ask(url + ENTRY, 'PUT', { ttlMs: 3 }, { 'if-match': '*' });
    expect(
      (await ask(`${url}${SERVICE}/commands`, 'POST', { cache: 'pages', operation: { do: 'clear' } })).status,
    ).toBe(409);
    const { json } = await ask<SettingsEntry>(url + ENTRY);
    await until('taken in', () => client.revision === json.revision);
    expect(target.settings).toEqual({ ttlMs: 1 });
    await ask(`${url}/v1/control/switch`, 'PUT', { on: true });
    await until('on', () => target.settings.ttlMs === 3);
    expect(target.applied.map(({ settings }) => settings.ttlMs)).toEqual([1, 3]);
  });

  it('of all services is in the history of each, among its own changes', async () => {
    const { url } = await start();
    const turn = (path: string, on: boolean) => ask(`${url}${path}/switch`, 'PUT', { on });
    await ask(url + ENTRY, 'PUT', { ttlMs: 1 });
    await turn('/v1/control', false);
    await ask(url + ENTRY, 'PUT', { ttlMs: 2 }, { 'if-match': '*' });
    await turn('/v1/control', true);
    await turn(SERVICE, false);
    const history = async (service: string) => {
      const { json } = await ask<{ history: ControlHistoryEntry[] }>(`${url}${service}/history`);
      return json.history.map(({ change, on, everywhere, by }) => [change, on, everywhere, by.key]);
    };
    expect(await history(SERVICE)).toEqual([
      ['switch', false, undefined, 'local'],
      ['switch', true, true, 'local'],
      ['settings', undefined, undefined, 'local'],
      ['switch', false, true, 'local'],
      ['settings', undefined, undefined, 'local'],
    ]);
    expect(await history('/v1/control/services/never-heard-of')).toHaveLength(2);
  });

  it('of the host turns it off for one process', async () => {
    const { url } = await start();
    const { client, target } = anInstance(url);
    await until('listens', () => client.revision !== undefined);
    client.enabled = false;
    await until('gone', async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return json.instances.every(({ connected }) => !connected);
    });
    await ask(url + ENTRY, 'PUT', { ttlMs: 9 });
    expect(target.applied).toEqual([]);
    client.enabled = true;
    await until('latest', () => target.settings.ttlMs === 9);
  });
});

describe('A command', () => {
  it('says first what it would touch, is then done once in each instance, and its keys are told to nobody else', async () => {
    const { url, logger } = await start();
    const [one, other] = [anInstance(url), anInstance(url)];
    await until('listen', () => one.client.revision !== undefined && other.client.revision !== undefined);
    const operation = { do: 'invalidate', key: 'a secret key' };
    const command = (dryRun: boolean) =>
      ask<CommandStatus>(`${url}${SERVICE}/commands?waitMs=10000`, 'POST', { cache: 'pages', operation, dryRun });
    const tried = await command(true);
    expect(tried.json).toMatchObject({ expected: 2, entries: 20, bytes: 2_000, dryRun: true });
    const done = await command(false);
    expect(done.json.answers.map(({ instance }) => instance).sort()).toEqual([one.instance, other.instance].sort());
    expect(one.target.ran).toEqual([
      { operation, dryRun: true },
      { operation, dryRun: false },
    ]);
    expect(one.changes).toMatchObject([{ change: 'invalidated', entries: 10, by: 'operator' }]);
    const told = [
      (await ask(`${url}${SERVICE}/history`)).json,
      (await ask(`${url}${SERVICE}/commands/${done.json.id}`)).json,
      (await ask(`${url}${SERVICE}/instances`)).json,
      one.changes,
      one.problems,
      logger,
    ];
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('reaches an instance that comes later while it is valid, and is forgotten with its keys when it is not', async () => {
    const { url } = await start();
    const given = await ask<CommandStatus>(`${url}${SERVICE}/commands`, 'POST', {
      cache: 'pages',
      operation: { do: 'invalidate', key: 'k' },
      validityMs: 3_000,
    });
    expect(given.json).toMatchObject({ expected: 0, answers: [] });
    const { target } = anInstance(url);
    await until('done', () => target.ran.length === 1);
    await until('forgotten', async () => (await ask(`${url}${SERVICE}/commands/${given.json.id}`)).status === 404);
    const late = anInstance(url);
    await until('listens', () => late.client.revision !== undefined);
    expect(late.target.ran).toEqual([]);
  });
});

describe('The stream', () => {
  it('goes on after a kill of the API: nothing is missed, nothing done twice', async () => {
    // A process of its own runs built code; npm test builds first.
    const program = join(import.meta.dirname, '../../../../dist/apps/api/src/control/testing/control-process.js');
    expect(existsSync(program)).toBe(true);
    const begin = async (port: number): Promise<{ child: ChildProcess; port: number }> => {
      const child = fork(program, [folder(), String(port)], { execArgv: [], silent: true });
      const [told] = (await once(child, 'message')) as [{ port: number }];
      return { child, port: told.port };
    };
    const kill = async (child: ChildProcess) => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    };
    let { child, port } = await begin(0);
    closeAfter({
      close: () => (child.exitCode === null && child.signalCode === null ? kill(child) : Promise.resolve()),
    });
    const url = `http://127.0.0.1:${port}`;
    const { target } = anInstance(url);
    let ttlMs = 0;
    for (let round = 0; round < 3; round++) {
      const put = await ask(url + ENTRY, 'PUT', { ttlMs: ++ttlMs }, round === 0 ? {} : { 'if-match': '*' });
      expect(put.status).toBeLessThan(300);
      await ask(`${url}${SERVICE}/commands`, 'POST', { cache: 'pages', operation: { do: 'pin', key: `k${round}` } });
      await kill(child);
      ({ child, port } = await begin(port));
      await until(`round ${round}`, () => target.settings.ttlMs === ttlMs && target.ran.length === round + 1);
    }
    expect(target.applied.map(({ settings }) => settings.ttlMs)).toEqual([1, 2, 3]);
    expect(target.ran.map(({ operation }) => operation.key)).toEqual(['k0', 'k1', 'k2']);
  });

  it('cuts off who does not read, and goes on for the others', async () => {
    const { url, port } = await start({ heartbeatMs: 300, rates: { writes: [1e6, 1e6], reports: [1e6, 1e6] } });
    const { target } = anInstance(url);
    const slow = connect(port, '127.0.0.1');
    slow.write(
      `GET /v1/control/stream?service=reader&instance=${randomUUID()} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    );
    await once(slow, 'connect');
    slow.pause();
    const listeners = async () =>
      (await ask<InstancesAnswer>(`${url}${SERVICE}/instances`)).json.instances.filter(({ connected }) => connected)
        .length;
    await until('both listen', async () => (await listeners()) === 2);
    // The machine itself holds some MB for a connection: more comes until that is full.
    const operation = { do: 'warm', keys: Array.from({ length: 15 }, () => 'k'.repeat(8_000)) };
    await until('cut off', async () => {
      const given = await ask<CommandStatus>(`${url}${SERVICE}/commands`, 'POST', { cache: 'other', operation });
      await ask(`${url}${SERVICE}/commands/${given.json.id}`, 'DELETE');
      return (await listeners()) === 1;
    });
    slow.destroy();
    await ask(url + ENTRY, 'PUT', { ttlMs: 5 });
    await until('others go on', () => target.settings.ttlMs === 5);
  });

  it('holds 2,000 idle instances, and a change reaches all of them', async () => {
    const { url, port } = await start();
    const before = process.memoryUsage().rss;
    const got = new Set<number>();
    const sockets = Array.from({ length: 2_000 }, (_, i) => {
      const socket = connect(port, '127.0.0.1');
      socket.setEncoding('utf8');
      socket.on('data', (text: string) => text.includes('"ttlMs":42') && got.add(i));
      socket.write(
        `GET /v1/control/stream?service=reader&instance=${randomUUID()} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
      );
      return socket;
    });
    await until('all listen', async () => {
      const { json } = await ask<InstancesAnswer>(`${url}${SERVICE}/instances`);
      return json.instances.length === 2_000;
    });
    const grown = (process.memoryUsage().rss - before) / 2_000;
    const started = clock.monotonic();
    await ask(url + ENTRY, 'PUT', { ttlMs: 42 });
    await until('all told', () => got.size === 2_000);
    const took = clock.monotonic() - started;
    for (const socket of sockets) socket.destroy();
    // Both ends are in this process.
    expect(grown).toBeLessThan(200_000);
    expect(took).toBeLessThan(5_000);
  }, 120_000);
});

describe('Who may', () => {
  it('is told by the scopes and services of a key', async () => {
    const keys = new Map<string, string>();
    const entries = (
      [
        ['reads', ['read'], undefined],
        ['writes', ['write'], undefined],
        ['listens', ['listen'], ['reader']],
        ['controls', ['control'], ['reader']],
        ['other', ['control', 'listen'], ['catalogue']],
      ] as const
    ).map(([id, scopes, services]) => {
      const { text, entry } = createKey({ id, scopes: scopes as readonly Scope[], ...(services && { services }) });
      keys.set(id, text);
      return entry;
    });
    const inForce = new ApiKeys(entries);
    const { url } = await start({ access: { keys: () => inForce } });
    const as = (id: string) => ({ authorization: `Bearer ${keys.get(id)}` });
    const put = async (headers: Record<string, string>) =>
      (await ask(url + ENTRY, 'PUT', { ttlMs: 1 }, headers)).status;
    expect(await put({})).toBe(401);
    expect(await put({ authorization: 'Bearer nobody.x' })).toBe(401);
    for (const id of ['reads', 'writes', 'listens', 'other']) expect([id, await put(as(id))]).toEqual([id, 403]);
    expect(await put(as('controls'))).toBe(201);
    expect((await ask(`${url}/v1/control/switch`, 'PUT', { on: false }, as('controls'))).status).toBe(403);
    expect((await ask<SettingsEntry>(url + ENTRY, 'GET', undefined, as('reads'))).json.by).toEqual({
      role: 'operator',
      key: 'controls',
    });
    const stream = `${url}/v1/control/stream?service=reader&instance=${randomUUID()}`;
    for (const id of ['reads', 'writes', 'controls', 'other'])
      expect([id, (await ask(stream, 'GET', undefined, as(id))).status]).toEqual([id, 403]);
    const { target } = anInstance(url, { key: keys.get('listens')! });
    await until('listens', () => target.settings.ttlMs === 1);
  });
});

describe('Whatever is sent', () => {
  it('is never answered by a failure of the server, and never by silence', async () => {
    const { url, logger } = await start({ rates: { writes: [1e6, 1e6], reports: [1e6, 1e6] } });
    const word = fc.oneof(
      fc.constantFrom('reader', 'all', 'share:0.5', '__proto__', '%', '..', randomUUID()),
      fc.string(),
    );
    const path = fc.oneof(
      fc.tuple(word, word, word).map(([a, b, c]) => `services/${part(a)}/caches/${part(b)}/settings/${part(c)}`),
      fc.tuple(word, word).map(([a, b]) => `services/${part(a)}/commands/${part(b)}`),
      word.map((a) => `services/${part(a)}/commands`),
      word.map((a) => `services/${part(a)}/switch`),
      fc.constantFrom(
        'switch',
        'answers',
        'services',
        'stream?service=reader',
        `stream?service=%00&instance=${randomUUID()}`,
      ),
    );
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({
          ttlMs: fc.oneof(fc.nat(), fc.double(), fc.string()),
          tiers: fc.jsonValue(),
          sampling: fc.jsonValue(),
        })
        .map((one) => JSON.stringify(one)),
      fc
        .record({
          cache: word,
          selector: word,
          operation: fc.record({ do: fc.constantFrom('clear', 'pin', 'x'), key: fc.jsonValue() }),
        })
        .map((one) => JSON.stringify(one)),
      fc
        .record({ emitter: fc.jsonValue(), answers: fc.jsonValue(), revision: fc.jsonValue() })
        .map((one) => JSON.stringify(one)),
    );
    const header = fc.option(fc.constantFrom('*', '"1"', 'W/"1"', '1', 'x', '"99999999999999999999"'), {
      nil: undefined,
    });
    const query = fc.constantFrom(
      '',
      '?dryRun=true',
      '?dryRun=1',
      '?waitMs=1',
      '?waitMs=x',
      '?role=controller',
      '?role=x',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('PUT', 'POST', 'DELETE', 'GET', 'PATCH'),
        path,
        body,
        header,
        query,
        async (method, at, text, match, asked) => {
          const answer = await fetch(`${url}/v1/control/${at}${at.includes('?') ? '' : asked}`, {
            method,
            ...(method !== 'GET' && { body: text }),
            headers: { 'content-type': 'application/json', ...(match !== undefined && { 'if-match': match }) },
          });
          const told = await answer.text();
          expect(answer.status).toBeLessThan(500);
          if (answer.status >= 400)
            expect(JSON.parse(told)).toMatchObject({ status: answer.status, remedy: expect.any(String) });
        },
      ),
      { numRuns: 400 },
    );
    expect(logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is refused with what to do: too fast, too large, unknown fields, settings that cannot be', async () => {
    const { url } = await start({ rates: { writes: [0.001, 4], reports: [1, 1] } });
    const put = (body: unknown) => ask<{ detail: string }>(url + ENTRY, 'PUT', body);
    const unknown = await put({ maxByte: 5 });
    expect([unknown.status, unknown.json.detail]).toEqual([400, expect.stringContaining('known are tiers, policy')]);
    expect((await put({ ttlMs: 5, maxAgeMs: 1 })).status).toBe(422);
    expect((await put({})).status).toBe(422);
    expect((await put('{"ttlMs":')).status).toBe(400);
    expect((await put(JSON.stringify({ ttlMs: 'x'.repeat(200_000) }))).status).toBe(413);
    const tooFast = await put({ ttlMs: 5 });
    expect([tooFast.status, Number(tooFast.retryAfter)]).toEqual([429, expect.any(Number)]);
  });
});

describe('A refusal', () => {
  it('is said in a sentence, with a remedy that helps here', async () => {
    const { url } = await start();
    const give = (body: object) =>
      ask<{ detail: string; remedy: string }>(`${url}${SERVICE}/commands`, 'POST', { cache: 'pages', ...body });
    const detail = async (body: object) => (await give(body)).json.detail;
    expect(await detail({ operation: { do: 'invalidate' } })).toBe(
      'The operation invalidate takes exactly one of key, tag, prefix, where.',
    );
    expect(await detail({ operation: { do: 'clear', key: 'k' } })).toBe('/operation/key is not taken by clear.');
    const put = (body: string, type: string) =>
      ask<{ remedy: string }>(url + ENTRY, 'PUT', body, { 'content-type': type });
    const typed = await put('{"ttlMs":1}', 'text/plain');
    expect([typed.status, typed.json.remedy]).toEqual([415, 'Send the body as application/json.']);
    const large = await put(`{"ttlMs":1${' '.repeat(140_000)}}`, 'application/json');
    expect([large.status, large.json.remedy]).toEqual([
      413,
      'Send at most 131072 bytes at once: fewer keys in a command, or several of them.',
    ]);
  });
});

const part = (text: string) => encodeURIComponent(text.toWellFormed());
