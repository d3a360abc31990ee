import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { request as httpRequest } from 'node:http';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { ApiKeys, createKey } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { allowedFunctionNames } from './allowed-functions.js';
import { isAllowedFormat } from './allowed-settings.js';
import { SqlGate } from './sql-gate.js';
import { GateFixture } from './testing/gate-fixture.js';

// Generous, for machines that do other things as well.
jest.setTimeout(60_000);

let fixture: GateFixture;
let client: ClickHouseClient;
const log = { level: ClickHouseLogLevel.OFF };

beforeAll(async () => {
  fixture = await GateFixture.start({
    limits: {
      maxSeconds: 2,
      maxResultRows: 1_000,
      maxReadRows: 50_000_000_000,
      maxResultBytes: 1_000_000,
      maxMemoryBytes: 200_000_000,
      maxConcurrent: 2,
      maxConcurrentPerClient: 2,
      maxWaiting: 2,
      maxWaitingPerClient: 2,
    },
  });
  client = createClient({ url: fixture.url, log });
});
afterAll(async () => {
  await client.close();
  await fixture.stop();
});

const ask = (statement: string, more = '', headers: Record<string, string> = {}) =>
  fetch(`${fixture.url}/?${more}`, { method: 'POST', body: statement, headers });
const rows = async (query: string, query_params: Record<string, unknown> = {}): Promise<unknown[]> =>
  (await client.query({ query, query_params, format: 'JSONCompactEachRow' })).json();

/** Runs for longer than any test. */
const endless = 'SELECT sum(sipHash64(number)) FROM numbers(40000000000)';

/** How many queries run whose text is like this. */
const runningLike = async (pattern: string) => {
  const answer = await fixture.owner.query({
    query: 'SELECT count() AS n FROM system.processes WHERE query LIKE {pattern:String}',
    query_params: { pattern },
    format: 'JSONEachRow',
  });
  return Number((await answer.json<{ n: string }>())[0]?.n);
};

/** What people and their tools ask. */
const QUERIES: readonly string[] = [
  'SELECT 1',
  'select count() from windows',
  'SELECT cache, sum(hits) AS h FROM alperf.windows WHERE time >= now() - INTERVAL 1 YEAR GROUP BY cache HAVING h > 0 ORDER BY h DESC LIMIT 10',
  'SELECT * FROM cache;',
  'SELECT `cache`, "hits" FROM `alperf`."windows" /* why */ LIMIT 1 -- that is all',
  'WITH w AS (SELECT hits FROM windows), (SELECT 2) AS two SELECT sum(hits) * two FROM w',
  'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n',
  "SELECT toStartOfInterval(time, INTERVAL 10 SECOND) AS t, sumIf(hits, cache = 'covers'), quantilesTDigest(0.5, 0.99)(hits) FROM windows GROUP BY t ORDER BY t WITH FILL STEP 10",
  'SELECT sumMap(bins), mapKeys(sumMap(bins)), sum(mapValues(bins)[1]) FROM windows',
  'SELECT arrayMap((x, y) -> x * y, [1, 2], [3, 4]), arraySum(x -> x + 1, range(5)), arrayJoin([1, 2])',
  'SELECT hits, sum(hits) OVER (PARTITION BY cache ORDER BY time ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), row_number() OVER w FROM windows WINDOW w AS (ORDER BY time) LIMIT 5',
  'SELECT a.hits FROM windows AS a INNER JOIN windows AS b USING (cache, time) LEFT JOIN cache AS c ON c.cache = a.cache LIMIT 1',
  'SELECT a.hits FROM windows AS a ASOF JOIN windows AS b ON a.cache = b.cache AND a.time >= b.time LIMIT 1',
  "SELECT hits FROM windows WHERE cache IN ('covers', 'pages') AND hits IN (SELECT hits FROM windows) AND (cache, hits) IN (('covers', 1::UInt64))",
  'SELECT hits FROM windows WHERE cache IN (SELECT cache FROM alperf.cache)',
  'SELECT count() FROM windows WHERE cache IN alperf.cache OR 1 IN (1)',
  "SELECT * EXCEPT (bins, version) REPLACE (hits + 1 AS hits), COLUMNS('hi') FROM windows LIMIT 1",
  'SELECT windows.* FROM windows FINAL PREWHERE hits > 5 LIMIT 2 BY cache LIMIT 1 OFFSET 1',
  'SELECT 1 UNION ALL SELECT 2 UNION DISTINCT SELECT 3',
  '(SELECT 1 EXCEPT SELECT 2) INTERSECT SELECT 1',
  "SELECT CASE WHEN 1 THEN 'a' ELSE 'b' END, if(1, 2, 3), CAST('1' AS UInt8), '1'::UInt8, x'41', TRIM(BOTH ' ' FROM ' a '), EXTRACT(YEAR FROM today()), date '2026-11-24', NOT 1, 5 BETWEEN 1 AND 9, 'a' LIKE 'a%', 'a' ILIKE 'A', NULL IS NULL, tuple(1, 2).1",
  "SELECT JSONExtractString('{\"a\":\"b\"}', 'a'), parseDateTimeBestEffort('2026-11-24'), formatDateTime(now(), '%H'), splitByChar(',', 'a,b'), match('abc', 'b'), domain('http://a.b/c'), cityHash64('a'), uniqExact(1), SUM(1), Avg(2), MAX(3)",
  'SELECT cache, sum(hits) FROM windows GROUP BY ROLLUP(cache) WITH TOTALS',
  'SELECT cache, grouping(cache) FROM windows GROUP BY GROUPING SETS ((cache), ())',
  'SELECT DISTINCT ON (cache) cache, hits FROM windows QUALIFY row_number() OVER (ORDER BY hits) = 1',
  'SELECT uniqMerge(u), finalizeAggregation(sumState(1)) FROM (SELECT uniqState(hits) AS u FROM windows)',
  "SELECT * FROM numbers(3) AS a, generate_series(1, 3) AS c, values('a UInt8', 1, 2) AS d",
  'SELECT avgOrNullIf(hits, hits > 1e9), sumForEach([1, 2]), countDistinct(hits), count(DISTINCT hits), argMax(hits, time), groupArray(3)(hits), topK(2)(cache), anyLast(hits) FROM windows',
  "SELECT 'file(''/etc/passwd''); DROP TABLE windows' AS \"INTO OUTFILE\", $$SETTINGS readonly = 0$$",
  "SELECT extract(create_table_query, 'ENGINE = \\\\w+') FROM system.tables WHERE database = 'alperf'",
  'SELECT 1 FORMAT JSON',
  'SELECT 1 SETTINGS join_use_nulls = 1 FORMAT JSON',
  'SELECT 1 AS format FORMAT CSVWithNames SETTINGS join_use_nulls = 1',
  "SELECT 1 SETTINGS output_format_json_quote_64bit_integers = 0, format_csv_delimiter = ';' FORMAT CSV",
  'EXPLAIN SELECT count() FROM windows',
  'EXPLAIN PLAN indexes = 1, actions = 1 SELECT count() FROM windows',
  'EXPLAIN PIPELINE SELECT 1',
  'EXPLAIN SYNTAX SELECT 1',
  'EXPLAIN QUERY TREE SELECT 1',
  'EXPLAIN AST SELECT 1',
  'SHOW TABLES',
  "SHOW TABLES FROM alperf LIKE 'win%'",
  'SHOW DATABASES',
  'SHOW CREATE TABLE windows',
  'SHOW COLUMNS FROM windows',
  'DESCRIBE TABLE windows',
  'DESC alperf.windows',
  'DESCRIBE (SELECT hits FROM windows)',
  'EXISTS TABLE windows',
  // Grafana's plugin: its connection, its health check, its query builder.
  'SELECT displayName(), version(), revision(), timezone()',
  'SELECT timeZone()',
  'SELECT name FROM system.databases',
  "SELECT name FROM system.tables WHERE database = 'alperf'",
  "SELECT name, type FROM system.columns WHERE database='alperf' AND table = 'windows'",
  'DESCRIBE TABLE "alperf"."windows"',
  'SELECT DISTINCT cache FROM alperf.windows LIMIT 1000',
  'SELECT name FROM system.functions WHERE is_aggregate LIMIT 5',
];

describe('SQL for people', () => {
  it.each(QUERIES)('answers %j', async (query) => {
    const answer = await ask(query);
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
  });

  it('shows rows that were inserted twice once', async () => {
    expect(await rows('SELECT count(), sum(hits) FROM windows')).toEqual([[100, 4950]]);
    expect(await rows('SELECT hits FROM cache')).toEqual([[4950]]);
  });

  it('shows builders the project only', async () => {
    expect(await rows('SELECT DISTINCT database FROM system.tables')).toEqual([['alperf']]);
    expect(await rows('SELECT DISTINCT database FROM system.columns')).toEqual([['alperf']]);
    expect(await rows('SELECT name FROM system.databases')).toEqual([['alperf']]);
    expect(await rows('SHOW DATABASES')).toEqual([['alperf']]);
  });

  it('binds parameters, names among them', async () => {
    const b = "it's \\ ;\n--";
    expect(await rows('SELECT {b: String} AS b, {n: Array(UInt8)} AS n', { b, n: [1, 2] })).toEqual([[b, [1, 2]]]);
    expect(await rows('SELECT max({c: Identifier}) FROM {t: Identifier}', { c: 'hits', t: 'windows' })).toEqual([[99]]);
  });

  it('knows every function on its list', async () => {
    const answer = await fixture.owner.query({ query: 'SELECT name FROM system.functions', format: 'JSONEachRow' });
    const known = new Set((await answer.json<{ name: string }>()).map(({ name }) => name));
    const ofSyntax = ['exists', 'grouping', 'lambda', 'untuple'];
    expect(allowedFunctionNames().filter((name) => !known.has(name) && !ofSyntax.includes(name))).toEqual([]);
  });
});

describe('The interface', () => {
  it('serves the ClickHouse client', async () => {
    expect(await client.ping()).toEqual({ success: true });
    const strict = createClient({
      url: fixture.url,
      log,
      database: 'alperf',
      session_id: 'one',
      clickhouse_settings: { readonly: '1', max_execution_time: 60 },
    });
    expect(await (await strict.query({ query: 'SELECT 1 AS a', format: 'JSON' })).json()).toMatchObject({
      data: [{ a: 1 }],
    });
    await expect(strict.command({ query: 'DROP TABLE windows' })).rejects.toMatchObject({
      code: '164',
      type: 'READONLY',
    });
    await expect(strict.query({ query: 'SELEC 1' })).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' });
    await strict.close();
  });

  it('answers GET and POST, the statement in the URL, the body or both', async () => {
    expect(await (await fetch(`${fixture.url}/?query=SELECT%201`)).text()).toBe('1\n');
    expect(await (await ask('', 'query=SELECT%201')).text()).toBe('1\n');
    expect(await (await ask('SELECT 1')).text()).toBe('1\n');
    expect(await (await ask(' + 1', 'query=SELECT%201')).text()).toBe('2\n');
    expect(await (await fetch(`${fixture.url}/`)).text()).toBe('Ok.\n');
  });

  it('answers HEAD as GET, without the body, and other methods with what the path takes', async () => {
    for (const path of ['/', '/ping', '/?query=SELECT%201']) {
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map((method) => fetch(`${fixture.url}${path}`, { method })),
      );
      expect([path, head!.status, head!.headers.get('content-type'), await head!.text()]).toEqual([
        path,
        200,
        get!.headers.get('content-type'),
        '',
      ]);
    }
    for (const [method, path, allow] of [
      ['PUT', '/', 'GET, HEAD, POST'],
      ['DELETE', '/?query=SELECT%201', 'GET, HEAD, POST'],
      ['POST', '/ping', 'GET, HEAD'],
    ]) {
      const answer = await fetch(`${fixture.url}${path}`, { method: method! });
      expect([method, path, answer.status, answer.headers.get('allow')]).toEqual([method, path, 405, allow]);
    }
  });

  it('takes packed statements and packs answers', async () => {
    const query = "SELECT repeat('a', 10000)";
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
    ] as const) {
      const answer = await fetch(`${fixture.url}/`, {
        method: 'POST',
        body: new Uint8Array(pack(query)),
        headers: { 'Content-Encoding': encoding },
      });
      expect((await answer.text()).length).toBe(10_001);
    }
    const raw = await new Promise<Buffer>((resolve, reject) => {
      const request = httpRequest(
        `${fixture.url}/?enable_http_compression=1`,
        { method: 'POST', headers: { 'Accept-Encoding': 'gzip' } },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
        },
      );
      request.on('error', reject).end(query);
    });
    expect(raw.length).toBeLessThan(200);
    expect(gunzipSync(raw).length).toBe(10_001);
  });

  it('answers in the formats of tools', async () => {
    for (const [format, start] of [
      ['JSON', '{'],
      ['JSONEachRow', '{"a":1}'],
      ['CSV', '1'],
      ['TabSeparatedWithNames', 'a\n1'],
      ['Native', '\x01\x01\x01a\x05UInt8'],
      ['RowBinary', '\x01'],
      ['Parquet', 'PAR1'],
      ['PrettyCompact', ' '],
    ] as const) {
      const answer = await ask('SELECT 1 AS a', `default_format=${format}`);
      expect([format, (await answer.text()).startsWith(start)]).toEqual([format, true]);
      expect(answer.headers.get('x-clickhouse-format')).toBe(format);
    }
  });

  it('takes every format that is allowed, in the statement and beside it, and tells its content type as a server does', async () => {
    const formats = (await rows('SELECT name, content_type FROM system.formats WHERE is_output')) as [string, string][];
    const allowed = formats.filter(([name]) => isAllowedFormat(name));
    // Not an empty list, and with those that ClickHouse's formatter quotes.
    expect(allowed.map(([name]) => name)).toEqual(
      expect.arrayContaining(['JSON', 'Null', 'Values', 'XML', 'Markdown']),
    );
    for (const [name, contentType] of allowed)
      for (const answer of [
        await ask(`SELECT 1 AS a FORMAT ${name}`),
        await ask(`SELECT 1 AS a SETTINGS limit = 1 FORMAT ${name}`),
        await ask('SELECT 1 AS a', `default_format=${name}`),
      ]) {
        const { status, headers } = answer;
        await answer.arrayBuffer();
        expect([name, status, headers.get('content-type')]).toEqual([name, 200, contentType]);
      }
  });

  it("says what is wrong in ClickHouse's form, with a remedy", async () => {
    const answer = await ask('SELECT * FROM other.secrets');
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([403, '497']);
    expect(await answer.text()).toBe(
      "Code: 497. DB::Exception: The table other.secrets is not the project's. Tables of alperf can be read; SHOW TABLES lists them. (ACCESS_DENIED)\n",
    );
    const syntax = await (await ask('SELECT 1 +')).text();
    expect(syntax).toMatch(/^Code: 62\. DB::Exception: Syntax error: failed at position 11 .*\(SYNTAX_ERROR\)/);
    expect(syntax).not.toContain('formatQuery');
    expect(await (await ask('SELECT * FROM nothing_here')).text()).toMatch(
      /SHOW TABLES lists what is there\. \(UNKNOWN_TABLE\)/,
    );
  });
});

describe('A refusal', () => {
  it.each([
    [
      'SELECT * FROM system.processes',
      /The table system\.processes is not .* own tables: system\.databases, system\.tables,/,
    ],
    ['SELECT * FROM system.parts', /The table system\.parts is not the project's/],
    ['SELECT name FROM system.parts', /The table system\.parts is not the project's/],
    ['SELECT query FROM system.processes', /The table system\.processes is not /],
    ['SELECT system.processes.query FROM windows', /The table system\.processes is not /],
    [
      'SELECT * FROM information_schema.tables',
      /The table information_schema\.tables is not .* Tables of alperf can be read/,
    ],
    [
      "SELECT * FROM remote('127.0.0.1', system.one)",
      /The table function remote is refused.*numbers\(\), generate_series\(\)/,
    ],
    ["SELECT * FROM remote('127.0.0.1', other.secrets)", /The table function remote is refused/],
    [
      "SELECT * FROM url('http://127.0.0.1/', CSV, 'a String')",
      /The table function url is refused.*Read the project's tables/,
    ],
    ["SELECT * FROM file('a.csv')", /The table function file is refused/],
    ["SELECT file('a.csv'), * FROM system.tables", /The function file is refused.*docs\/sql\.md/],
    [
      'SELECT * FROM system.tables',
      /Beside a table of the server, \* is refused.*SELECT name, engine FROM system\.tables/,
    ],
  ])('of %s names what is refused, and what to read instead', async (query, text) => {
    const answer = await ask(query);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(text)]);
  });
});

describe('Limits', () => {
  it.each([
    ['time', endless, '159', 'coarser rollup'],
    ['time that a client cannot raise', `${endless} SETTINGS max_execution_time = 0`, '159', 'coarser rollup'],
    ['rows read', 'SELECT count() FROM numbers(60000000000) WHERE number % 3 = 1', '158', 'coarser rollup'],
    ['rows of the answer', 'SELECT number FROM numbers(2000)', '396', 'LIMIT'],
    ['bytes of the answer', "SELECT repeat('a', 10000 + number) FROM numbers(500)", '396', 'LIMIT'],
    ['memory', 'SELECT groupArray(number) FROM numbers(100000000)', '241', 'fewer groups'],
  ])('bound %s', async (_, query, code, remedy) => {
    const answer = await ask(query);
    const text = await answer.text();
    expect([answer.headers.get('x-clickhouse-exception-code'), text]).toEqual([code, expect.stringContaining(remedy)]);
    expect(text).toMatch(/^Code: \d+\. DB::Exception: .*\([A-Z_]+\)/s);
  });

  it('bound how many run and wait, and serve on', async () => {
    const codes = await Promise.all(
      Array.from({ length: 8 }, async () =>
        (await ask(endless, 'max_execution_time=1')).headers.get('x-clickhouse-exception-code'),
      ),
    );
    expect(codes.filter((code) => code === '202')).toHaveLength(4);
    expect(codes.filter((code) => code === '159')).toHaveLength(4);
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });

  it('bound the statement, also when it is packed', async () => {
    const long = `SELECT '${'a'.repeat(200_000)}'`;
    expect((await ask(long)).status).toBe(413);
    const packed = await fetch(`${fixture.url}/`, {
      method: 'POST',
      body: new Uint8Array(gzipSync('a'.repeat(50_000_000))),
      headers: { 'Content-Encoding': 'gzip' },
    });
    expect(packed.status).toBe(413);
  });

  it('end a query whose client went away', async () => {
    const gone = new AbortController();
    const outcome = fetch(`${fixture.url}/?query=${encodeURIComponent(endless)}`, { signal: gone.signal }).then(
      () => 'answered',
      () => 'aborted',
    );
    while ((await runningLike('SELECT sum(sipHash64%')) === 0);
    gone.abort();
    expect(await outcome).toBe('aborted');
    while ((await runningLike('SELECT sum(sipHash64%')) > 0);
  });
});

describe('Several clients', () => {
  /** By key, on a gate with three places of which one client gets two. */
  it('do not starve one another: a short query is answered while many long ones of another run and wait', async () => {
    const [many, one] = [createKey({ id: 'many', scopes: ['read'] }), createKey({ id: 'one', scopes: ['read'] })];
    const keys = new ApiKeys([many.entry, one.entry]);
    const clock = new SystemClock();
    const { url, username, password } = fixture.engine;
    const gate = SqlGate.create({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { url, username, password },
      limits: {
        maxSeconds: 10,
        maxReadRows: 50_000_000_000,
        maxConcurrent: 3,
        maxConcurrentPerClient: 2,
        maxWaiting: 20,
        maxWaitingPerClient: 5,
      },
      keys: () => keys,
      clock,
    });
    await gate.start();
    const gone = new AbortController();
    const askAs = ({ text }: { text: string }, body: string, signal?: AbortSignal) =>
      fetch(`http://127.0.0.1:${gate.port}/`, {
        method: 'POST',
        body,
        headers: { Authorization: `Bearer ${text}` },
        ...(signal !== undefined && { signal }),
      });
    try {
      const refused: Response[] = [];
      const asked = Array.from({ length: 10 }, () =>
        askAs(many, endless, gone.signal).then(
          (response) => refused.push(response),
          () => 'gone',
        ),
      );
      // With a pause: questions without one keep the engine from beginning the queries that are asked about.
      while (refused.length < 3 || (await runningLike('SELECT sum(sipHash64%')) < 2) await clock.sleep(50);
      expect(await (await askAs(one, 'SELECT 1')).text()).toBe('1\n');
      expect(await runningLike('SELECT sum(sipHash64%')).toBe(2);
      expect(refused.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(
        Array.from({ length: 3 }, () => [503, '1']),
      );
      expect(await refused[0]!.text()).toContain('2 of your queries run and 5 wait.');
      gone.abort();
      await Promise.all(asked);
    } finally {
      gone.abort();
      await gate.stop();
    }
  });
});

describe('A query that cannot be interrupted', () => {
  /** One call over one block: the engine looks at the clock and at a KILL before and after, not in between. */
  const deaf = 'SELECT length(arraySort(x -> sipHash64(x), range(3000000)))';
  const running = () => runningLike('SELECT length(arraySort%');

  it('keeps its place until it has ended, also when its client went away, and takes none of the apps', async () => {
    const gone = new AbortController();
    const asked = Array.from({ length: 2 }, () =>
      fetch(`${fixture.url}/`, { method: 'POST', body: deaf, signal: gone.signal }).then(
        () => 'answered',
        () => 'aborted',
      ),
    );
    while ((await running()) < 2);
    gone.abort();
    expect(await Promise.all(asked)).toEqual(['aborted', 'aborted']);
    let answer: Response;
    // Both places are taken, and waiting has its own bound.
    do answer = await ask('SELECT 1');
    while (answer.status === 503);
    expect(await answer.text()).toBe('1\n');
    expect(await running()).toBeLessThan(2);
    while ((await running()) > 0);
  });
});

describe('Who may ask', () => {
  const raw = (port: number, headers: Record<string, string>) =>
    new Promise<[number, string]>((resolve, reject) => {
      httpRequest({ host: '127.0.0.1', port, path: '/?query=SELECT%201', headers }, (answer) => {
        let text = '';
        answer
          .setEncoding('utf8')
          .on('data', (chunk: string) => (text += chunk))
          .on('end', () => resolve([answer.statusCode ?? 0, text]));
      })
        .on('error', reject)
        .end();
    });

  it('is, without keys, a program of this machine, not a page', async () => {
    const { port } = fixture.gate;
    expect(await raw(port, { Host: `localhost:${port}` })).toEqual([200, '1\n']);
    expect(await raw(port, { Host: 'evil.example' })).toEqual([
      403,
      expect.stringMatching(
        /localhost, 127\.0\.0\.1, \[::1\] or the address that ALPERF_BIND names.*\(ACCESS_DENIED\)/,
      ),
    ]);
    expect(await raw(port, { Host: `localhost:${port}`, Origin: 'https://evil.example' })).toEqual([
      403,
      expect.stringMatching(/Code: 497.*ALPERF_ORIGINS/),
    ]);
    expect(await raw(port, { Host: `localhost:${port}`, Origin: 'null' })).toEqual([
      403,
      expect.stringContaining('497'),
    ]);
    expect(await raw(port, { Host: `localhost:${port}`, 'Sec-Fetch-Site': 'cross-site' })).toEqual([
      403,
      expect.stringContaining('497'),
    ]);
  });

  it('is, with keys, whoever has one that may read', async () => {
    const reader = createKey({ id: 'grafana', scopes: ['read'] });
    const writer = createKey({ id: 'app', scopes: ['write'] });
    const keys = new ApiKeys([reader.entry, writer.entry]);
    const { url, username, password } = fixture.engine;
    const gate = SqlGate.create({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { url, username, password },
      keys: () => keys,
      clock: new SystemClock(),
    });
    await gate.start();
    try {
      const basic = (key: string) => ({ Authorization: `Basic ${Buffer.from(`anyone:${key}`).toString('base64')}` });
      expect(await raw(gate.port, {})).toEqual([401, expect.stringContaining('Send a key with the scope read')]);
      expect(await raw(gate.port, basic('grafana.wrong'))).toEqual([403, expect.stringContaining('516')]);
      expect(await raw(gate.port, basic(writer.text))).toEqual([403, expect.stringContaining('497')]);
      expect(await raw(gate.port, basic(reader.text))).toEqual([200, '1\n']);
      expect(await raw(gate.port, { 'X-ClickHouse-Key': reader.text })).toEqual([200, '1\n']);
      expect(await raw(gate.port, { Authorization: `Bearer ${reader.text}` })).toEqual([200, '1\n']);
    } finally {
      await gate.stop();
    }
  });

  it('refuses to be open to other machines without keys', () => {
    const { url, username, password } = fixture.engine;
    expect(() =>
      SqlGate.create({
        listen: { host: '0.0.0.0', port: 0 },
        upstream: { url, username, password },
        clock: new SystemClock(),
      }),
    ).toThrow(/ALPERF_BIND|key/);
  });

  it('says so when ClickHouse does not answer', async () => {
    const gate = SqlGate.create({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { url: 'http://127.0.0.1:1', username: 'a', password: 'b' },
      clock: new SystemClock(),
    });
    await gate.start();
    expect(await raw(gate.port, {})).toEqual([503, expect.stringContaining('(NETWORK_ERROR)')]);
    await gate.stop();
  });
});
