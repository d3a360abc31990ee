import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { startTestEngine, type TestEngine } from '../testing/index.js';
import { contentTypeOf } from './content-type.js';
import { startEmbeddedEngine } from './embedded-engine.js';

// Generous, for machines that do other things as well.
jest.setTimeout(60_000);

let engine: TestEngine;
let client: ClickHouseClient;

beforeAll(async () => {
  engine = await startTestEngine({ readers: 3, people: 1, writers: 1, waiting: 2, graceMs: 200 });
  client = createClient({ url: engine.url, username: engine.username, password: engine.password, log });
});
afterAll(async () => {
  await client.close();
  await engine.stop();
});
beforeEach(() =>
  client.command({ query: "CREATE TABLE t (a UInt32, b String DEFAULT 'x') ENGINE = MergeTree ORDER BY a" }),
);
afterEach(() => client.command({ query: 'DROP TABLE IF EXISTS t SYNC' }));

const post = (query: string, body?: BodyInit, headers: Record<string, string> = {}, more = '') =>
  fetch(`${engine.url}/?query=${encodeURIComponent(query)}${more}`, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': engine.username, 'X-ClickHouse-Key': engine.password, ...headers },
    ...(body !== undefined && { body }),
  });
const rows = async (): Promise<unknown> =>
  (await client.query({ query: 'SELECT a, b FROM t ORDER BY a', format: 'JSONCompactEachRow' })).json();
const waitFor = async (condition: () => Promise<boolean>) => {
  const until = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error('The condition did not come true.');
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const running = async (marker: string): Promise<boolean> => {
  const result = await client.query({
    query:
      'SELECT count() AS n FROM system.processes WHERE position(query, {m: String}) > 0 AND position(query, {own: String}) = 0',
    query_params: { m: marker, own: 'system.processes' },
    format: 'JSONEachRow',
  });
  return Number((await result.json<{ n: string }>())[0]?.n) > 0;
};
/** The client prints errors that a test provokes. */
const log = { level: ClickHouseLogLevel.OFF };
const SLOW = 'SELECT sum(sipHash64(number)) FROM numbers(100000000000)';

describe('The embedded engine, asked by the ClickHouse client', () => {
  it('answers a ping', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  it.each(['JSON', 'JSONEachRow', 'JSONCompact', 'CSV', 'TabSeparatedWithNames', 'Parquet'] as const)(
    'answers in %s',
    async (format) => {
      const answer = await client.query({ query: 'SELECT 1 AS one, 2 AS two', format });
      expect((await answer.text()).length).toBeGreaterThan(2);
      expect(answer.response_headers['x-clickhouse-format']).toBe(format);
    },
  );

  it('answers in Native and RowBinary as bytes', async () => {
    expect(Buffer.from(await (await post('SELECT toUInt16(258) FORMAT RowBinary')).arrayBuffer())).toEqual(
      Buffer.from([2, 1]),
    );
    expect(Buffer.from(await (await post('SELECT toUInt8(7) AS a FORMAT Native')).arrayBuffer())).toEqual(
      Buffer.from([1, 1, 1, 97, 5, ...Buffer.from('UInt8'), 7]),
    );
  });

  it('answers in Native as a client of a protocol revision reads it, whatever the types', async () => {
    const query = `SELECT number, toString(number) AS s, toLowCardinality(toString(number % 3)) AS l,
      toLowCardinality(if(number % 2 = 0, NULL, 'x')) AS ln, toNullable(number) AS n, map('k', [number, 1]) AS m,
      [map(toLowCardinality('a'), 1)] AS am, (1, 'b', [(2, NULL)]) AS t, CAST((1, 'b'), 'Tuple(a UInt8, \`b c\` String)') AS tn,
      toDateTime64('2026-11-24', 3) AS d, generateUUIDv4() AS u, toDecimal128(1, 3) AS dec, toFixedString('ab', 4) AS f,
      CAST('x', 'Enum8(\\'x\\' = 1, \\'),(\\' = 2)') AS e, toIPv6('::1') AS ip, emptyArrayString() AS none, toInt256(1) AS big,
      INTERVAL 1 DAY AS i, NULL AS nothing, (1.5, 2.5)::Point AS p, true AS b
      FROM numbers(70000) SETTINGS max_block_size = 8192 FORMAT Native`;
    const plain = await (await post(query)).bytes();
    const framed = await (await post(query, undefined, {}, '&client_protocol_version=54460')).bytes();
    // Blocks of 8 bytes of info and a byte for each of 21 columns; how many blocks there are is the engine's affair.
    expect(framed.length - plain.length).toBeGreaterThan(0);
    expect((framed.length - plain.length) % (8 + 21)).toBe(0);
    expect([...framed.subarray(0, 9)]).toEqual([1, 0, 2, 255, 255, 255, 255, 0, 21]);
  });

  it('binds parameters, also ones that look like SQL', async () => {
    const b = "'; DROP TABLE t; --\n\\";
    const answer = await client.query({
      query: 'SELECT {a: UInt32} AS a, {b: String} AS b, {c: Array(String)} AS c',
      query_params: { a: 7, b, c: ["x'y", 'z'] },
      format: 'JSONEachRow',
    });
    expect(await answer.json()).toEqual([{ a: 7, b, c: ["x'y", 'z'] }]);
  });

  it('keeps settings to the request that sent them', async () => {
    const setting = async () =>
      (await (await client.query({ query: "SELECT getSetting('max_threads')", format: 'TabSeparated' })).text()).trim();
    const before = await setting();
    await client
      .query({ query: 'SELECT 1', format: 'JSON', clickhouse_settings: { max_threads: 1 } })
      .then((one) => one.text());
    expect(await setting()).toBe(before);
  });

  it('pins the time zone to UTC', async () => {
    const answer = await client.query({
      query: "SELECT toString(toDateTime('2026-11-24 01:02:03')::UInt32)",
      format: 'TabSeparated',
    });
    expect((await answer.text()).trim()).toBe(String(Date.UTC(2026, 10, 24, 1, 2, 3) / 1_000));
  });

  it('tells an error with its number, name and status', async () => {
    await expect(client.query({ query: 'SELECT * FROM nothing_here' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    await expect(client.query({ query: 'SELEC 1' })).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' });
    const answer = await post("SELECT throwIf(1, 'mine (not a NAME)')");
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([500, '395']);
  });

  it('packs an answer when asked to', async () => {
    const packed = createClient({ url: engine.url, password: engine.password, log, compression: { response: true } });
    const answer = await packed.query({ query: "SELECT repeat('a', 100000) AS a", format: 'JSONEachRow' });
    expect(answer.response_headers['content-encoding']).toBe('gzip');
    expect((await answer.json<{ a: string }>())[0]?.a).toHaveLength(100_000);
    await packed.close();
  });

  it('gives the query id back, the one sent or one of its own', async () => {
    expect((await client.query({ query: 'SELECT 1', query_id: 'mine' })).query_id).toBe('mine');
    expect((await post('SELECT 1')).headers.get('x-clickhouse-query-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses another password, without asking the engine', async () => {
    const answer = await post('SELECT 1', undefined, { 'X-ClickHouse-Key': 'wrong' });
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516']);
    expect((await fetch(`${engine.url}/?query=SELECT+1&user=default&password=${engine.password}`)).status).toBe(200);
  });
});

describe('Content types', () => {
  it('are those that the engine itself has for each format', async () => {
    const answer = await client.query({
      query: 'SELECT name, content_type FROM system.formats WHERE is_output',
      format: 'JSONCompactEachRow',
    });
    const formats = await answer.json<[string, string]>();
    expect(formats.length).toBeGreaterThan(50);
    expect(formats.map(([name]) => [name, contentTypeOf(name)])).toEqual(formats);
  });
});

describe('Inserts', () => {
  it('takes rows from the client, and gives left-out columns their defaults', async () => {
    await client.insert({
      table: 't',
      values: [{ a: 1 }, { a: 2, b: 'two' }],
      format: 'JSONEachRow',
      columns: ['a', 'b'],
    });
    await client.insert({ table: 't', values: [[3]], format: 'JSONCompactEachRow', columns: { except: ['b'] } });
    expect(await rows()).toEqual([
      [1, 'x'],
      [2, 'two'],
      [3, 'x'],
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('takes a body in %s', async (encoding, pack) => {
    const answer = await post('INSERT INTO t FORMAT CSV', new Uint8Array(pack('1,"a"\n2,"b"\n')), {
      'Content-Encoding': encoding,
    });
    expect(answer.status).toBe(200);
    expect(await rows()).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('takes RowBinary through exec', async () => {
    const row = Buffer.from([5, 0, 0, 0, 2, 0x68, 0x69]);
    const { stream } = await client.exec({
      query: 'INSERT INTO t (a, b) FORMAT RowBinary',
      values: Readable.from([row, row], { objectMode: false }),
    });
    stream.resume();
    expect(await rows()).toEqual([
      [5, 'hi'],
      [5, 'hi'],
    ]);
  });

  it('takes VALUES, with expressions and settings', async () => {
    await client.command({
      query: "/* why */ INSERT INTO t SETTINGS max_threads = 1 VALUES (1, 'a;b'), (1 + 1, concat('c', 'd'))",
    });
    expect(await rows()).toEqual([
      [1, 'a;b'],
      [2, 'cd'],
    ]);
  });

  it('takes no data for SQL', async () => {
    const attacks: [string, string | undefined][] = [
      ['INSERT INTO t FORMAT CSV', '1,"a"\n\nDROP TABLE t'],
      ['INSERT INTO t FORMAT CSV', '1,"a"\n;DROP TABLE t'],
      ["INSERT INTO t VALUES (1, 'a')\n\nDROP TABLE t", undefined],
      ["INSERT INTO t SELECT 1, 'a'; DROP TABLE t", undefined],
      ["INSERT INTO t SELECT 1, 'a' FORMAT CSV\n1,2\n\nDROP TABLE t", undefined],
      ["INSERT INTO t SELECT * FROM input('a UInt32, b String') FORMAT CSV\n1,2\n\nDROP TABLE t", undefined],
      ['SELECT 1; DROP TABLE t', undefined],
      ['SELECT 1 -- ;\n; DROP TABLE t', undefined],
      ["SELECT ';' /* ; */ , $a$;$a$, `;` FROM system.one; DROP TABLE t", undefined],
    ];
    for (const [query, body] of attacks) await (await post(query, body)).text();
    expect(await (await post('EXISTS TABLE t')).text()).toBe('1\n');
  });

  it('sees a changed table at once', async () => {
    await client.insert({ table: 't', values: [{ a: 1 }], format: 'JSONEachRow' });
    await client.command({ query: 'ALTER TABLE t ADD COLUMN c UInt8' });
    await client.insert({ table: 't', values: [{ a: 2, c: 9 }], format: 'JSONEachRow' });
    const answer = await client.query({ query: 'SELECT c FROM t ORDER BY a', format: 'JSONCompactEachRow' });
    expect(await answer.json()).toEqual([[0], [9]]);
  });

  it('inserts nothing of a body that is cut off or wrong, and leaves no file', async () => {
    const cut = gzipSync('1,"a"\n'.repeat(1_000)).subarray(0, 30);
    const wrong = await post('INSERT INTO t FORMAT CSV', new Uint8Array(cut), { 'Content-Encoding': 'gzip' });
    expect([wrong.status, wrong.headers.get('x-clickhouse-exception-code')]).toEqual([400, '354']);
    const bad = await post('INSERT INTO t FORMAT CSV', '1,"a"\nnonsense,"b"\n');
    expect(bad.status).toBeGreaterThanOrEqual(400);
    expect((await post('INSERT INTO nothing_here FORMAT CSV', '1\n')).status).toBe(404);
    expect((await post('INSERT INTO t FORMAT CSV', '')).status).toBe(200);
    expect(await rows()).toEqual([]);
    expect(readdirSync(join(engine.path, 'incoming'))).toEqual([]);
  });
});

describe('Bounds', () => {
  it('writes nothing by GET', async () => {
    const answer = await fetch(
      `${engine.url}/?query=${encodeURIComponent('DROP TABLE t')}&user=default&password=${engine.password}`,
    );
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([403, '164']);
    expect(await rows()).toEqual([]);
  });

  it('ends a query whose client went away', async () => {
    const gone = new AbortController();
    const asked = client.query({ query: `${SLOW} /* gone */`, abort_signal: gone.signal });
    const outcome = asked.then(
      () => 'answered',
      () => 'aborted',
    );
    await waitFor(() => running('numbers(100000000000)'));
    gone.abort();
    expect(await outcome).toBe('aborted');
    await waitFor(async () => !(await running('numbers(100000000000)')));
  });

  it('kills a query by its id', async () => {
    const outcome = client.query({ query: SLOW, query_id: "it's mine" }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await waitFor(() => running('numbers(100000000000)'));
    await client.command({ query: "KILL QUERY WHERE query_id = 'it\\'s mine'" });
    expect(await outcome).toMatchObject({ code: '394' });
  });

  it('ends a query that takes longer than it may', async () => {
    await expect(client.query({ query: SLOW, clickhouse_settings: { max_execution_time: 1 } })).rejects.toMatchObject({
      code: '159',
    });
  });

  it('has places of their own for people, so that they stop nothing of the apps', async () => {
    const gone = new AbortController();
    const asked = Array.from({ length: 3 }, () =>
      fetch(`${engine.url}/?quota_key=people`, {
        method: 'POST',
        body: 'SELECT sum(sipHash64(number)) FROM numbers(40000000000)',
        headers: { 'X-ClickHouse-User': engine.username, 'X-ClickHouse-Key': engine.password },
        signal: gone.signal,
      }).catch(() => undefined),
    );
    const running = async () => {
      const answer = await client.query({
        query: "SELECT count() AS n FROM system.processes WHERE query LIKE 'SELECT sum(sipHash64%'",
        format: 'JSONEachRow',
      });
      return Number((await answer.json<{ n: string }>())[0]?.n);
    };
    await waitFor(async () => (await running()) === 1);
    const three = Array.from({ length: 3 }, async () =>
      (await client.query({ query: 'SELECT 1 AS a', format: 'JSONEachRow' })).json(),
    );
    expect(await Promise.all(three)).toEqual([[{ a: 1 }], [{ a: 1 }], [{ a: 1 }]]);
    expect(await running()).toBe(1);
    gone.abort();
    await Promise.all(asked);
    await waitFor(async () => (await running()) === 0);
  });

  it('lets a few wait, refuses the rest as a server does, and serves on', async () => {
    const gone = new AbortController();
    const outcomes: string[] = [];
    const asked = Array.from({ length: 6 }, () =>
      client.query({ query: SLOW, abort_signal: gone.signal }).then(
        () => outcomes.push('answered'),
        (error: { code?: string }) => outcomes.push(error.code ?? 'aborted'),
      ),
    );
    await waitFor(async () => outcomes.length > 0);
    expect(outcomes).toEqual(['202']);
    gone.abort();
    await Promise.all(asked);
    expect(outcomes.filter((one) => one === '202')).toHaveLength(1);
    await waitFor(() =>
      client.query({ query: 'SELECT 1' }).then(
        () => true,
        () => false,
      ),
    );
    await waitFor(async () => !(await running('numbers(100000000000)')));
  });

  it('opens the directory once', async () => {
    await expect(startEmbeddedEngine({ path: engine.path })).rejects.toMatchObject({ code: 'DIRECTORY_LOCKED' });
    expect(await client.ping()).toEqual({ success: true });
  });
});

describe('Stopping', () => {
  it('keeps the rows, and ends what would run on', async () => {
    await client.insert({ table: 't', values: [{ a: 1 }], format: 'JSONEachRow' });
    const outcome = client.query({ query: SLOW }).then(
      () => 'answered',
      () => 'ended',
    );
    await waitFor(() => running('numbers(100000000000)'));
    await engine.close();
    expect(await outcome).toBe('ended');
    await engine.reopen();
    await client.close();
    client = createClient({ url: engine.url, username: engine.username, password: engine.password, log });
    expect(await rows()).toEqual([[1, 'x']]);
  });
});
