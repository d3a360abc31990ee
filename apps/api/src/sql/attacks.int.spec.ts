import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { GateFixture, SECRET } from './testing/gate-fixture.js';

// Generous, for machines that do other things as well.
jest.setTimeout(60_000);

let fixture: GateFixture;
let before: string;

beforeAll(async () => {
  fixture = await GateFixture.start();
  before = await state();
});
afterAll(() => fixture.stop());

/** Everything that a statement could have changed. */
async function state(): Promise<string> {
  const answer = await fixture.owner.query({
    query: `SELECT groupArray((database, name, create_table_query)) AS tables, (SELECT count() FROM alperf.windows) AS windows,
      (SELECT groupArray(secret) FROM other.secrets) AS secrets, (SELECT count() FROM system.functions WHERE origin != 'System') AS functions
      FROM (SELECT * FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') ORDER BY ALL)`,
    format: 'JSON',
  });
  return JSON.stringify((await answer.json()).data);
}

async function ask(statement: string, more = ''): Promise<{ status: number; text: string; code: string | null }> {
  const answer = await fetch(`${fixture.url}/?${more}`, { method: 'POST', body: statement });
  return { status: answer.status, text: await answer.text(), code: answer.headers.get('x-clickhouse-exception-code') };
}

/** `DIR` stands for the directory with the secret. */
const ATTACKS: readonly (readonly [statement: string, more?: string])[] = [
  // Files written.
  ["SELECT 1 INTO OUTFILE 'DIR/out'"],
  ["select 1 into outfile 'DIR/out' truncate format CSV"],
  ["SELECT 1 INTO/**/OUTFILE 'DIR/out'"],
  ["SELECT 1 -- x\nINTO -- y\nOUTFILE 'DIR/out'"],
  ["SELECT 1 UNION ALL SELECT 2 INTO OUTFILE 'DIR/out'"],
  ["SELECT * FROM (SELECT 1) INTO OUTFILE 'DIR/out' APPEND AND STDOUT COMPRESSION 'none'"],
  ["EXPLAIN SELECT 1 INTO OUTFILE 'DIR/out'"],
  ["EXPLAIN AST SELECT 1 INTO OUTFILE 'DIR/out'"],
  ["SHOW TABLES INTO OUTFILE 'DIR/out'"],
  ["DESCRIBE TABLE windows INTO OUTFILE 'DIR/out'"],
  ["EXISTS TABLE windows INTO OUTFILE 'DIR/out'"],
  ['WITH 1 AS a SELECT a INTO OUTFILE $$DIR/out$$'],
  ["INSERT INTO FUNCTION file('DIR/out', CSV) SELECT 1"],
  // Files read.
  ["SELECT * FROM file('DIR/secret.csv', CSV, 'a String')"],
  ["SELECT file('DIR/secret.csv')"],
  ["SELECT `file`('DIR/secret.csv')"],
  ['SELECT "file"(\'DIR/secret.csv\')'],
  ["SELECT FILE('DIR/secret.csv')"],
  ["SELECT fi\\x6ce('DIR/secret.csv')"],
  ["SELECT (file('DIR/secret.csv') AS count)"],
  ["WITH file('DIR/secret.csv') AS a SELECT a"],
  ["WITH (SELECT file('DIR/secret.csv')) AS a SELECT a"],
  ["SELECT 1 WHERE file('DIR/secret.csv') != ''"],
  ["SELECT hits FROM windows ORDER BY file('DIR/secret.csv')"],
  ["SELECT hits FROM windows LIMIT length(file('DIR/secret.csv'))"],
  ["SELECT sum(hits) OVER (ORDER BY file('DIR/secret.csv')) FROM windows"],
  ["SELECT sum(hits) OVER w FROM windows WINDOW w AS (PARTITION BY file('DIR/secret.csv'))"],
  ["SELECT hits FROM windows ORDER BY hits WITH FILL INTERPOLATE (cache AS file('DIR/secret.csv'))"],
  ["SELECT arrayMap(x -> file(x), ['DIR/secret.csv'])"],
  ["SELECT * APPLY(file) FROM (SELECT 'DIR/secret.csv')"],
  ["SELECT * APPLY(x -> file(x)) FROM (SELECT 'DIR/secret.csv')"],
  ["SELECT * REPLACE(file(a) AS a) FROM (SELECT 'DIR/secret.csv' AS a)"],
  ["SELECT COLUMNS('a') APPLY file FROM (SELECT 'DIR/secret.csv' AS a)"],
  ["SELECT * FROM windows PREWHERE file('DIR/secret.csv') = ''"],
  ["SELECT * FROM windows ARRAY JOIN [file('DIR/secret.csv')] AS a"],
  ["SELECT * FROM windows AS a JOIN windows AS b ON a.cache = file('DIR/secret.csv')"],
  ["SELECT quantile(toUInt8(file('DIR/secret.csv')))(1)"],
  ["SELECT cache IN (SELECT file('DIR/secret.csv')) FROM windows"],
  ["SELECT EXISTS(SELECT file('DIR/secret.csv'))"],
  ["SELECT CASE WHEN file('DIR/secret.csv') = '' THEN 1 END"],
  ["SELECT 1 QUALIFY file('DIR/secret.csv') = ''"],
  ["SELECT 1 UNION ALL SELECT length(file('DIR/secret.csv'))"],
  ["SELECT 1 INTERSECT SELECT length(file('DIR/secret.csv'))"],
  ["EXPLAIN SELECT file('DIR/secret.csv')"],
  ["EXPLAIN SYNTAX SELECT file('DIR/secret.csv')"],
  ["EXPLAIN PLAN actions = 1 SELECT * FROM file('DIR/secret.csv')"],
  ["DESCRIBE file('DIR/secret.csv')"],
  ["DESCRIBE TABLE file('DIR/secret.csv', CSV)"],
  ["DESC (SELECT * FROM file('DIR/secret.csv'))"],
  ["DESCRIBE (SELECT file('DIR/secret.csv'))"],
  ["SELECT {a: Identifier}('DIR/secret.csv')", 'param_a=file'],
  ["SELECT * FROM {a: Identifier}('DIR/secret.csv')", 'param_a=file'],
  ["SELECT * FROM numbers(length(file('DIR/secret.csv')))"],
  ["SELECT * FROM values('a String', file('DIR/secret.csv'))"],
  ["SELECT _path, * FROM file('DIR/*.csv')"],
  ["SELECT * FROM fileCluster('default', 'DIR/secret.csv')"],
  ["SELECT * FROM filesystem('DIR')"],
  ["SELECT * FROM sqlite('DIR/secret.csv', 'a')"],
  ["SELECT * FROM view(SELECT * FROM file('DIR/secret.csv', CSV, 'a String'))"],
  ["SELECT * FROM viewExplain('', '', (SELECT 1))"],
  ["SELECT * FROM loop(file('DIR/secret.csv'))"],
  ['SELECT * FROM `DIR/secret.csv`'],
  ["SELECT * FROM `file('DIR/secret.csv')`"],
  ["CREATE TABLE alperf.leak ENGINE = File(CSV, 'DIR/secret.csv')"],
  ["ATTACH TABLE alperf.leak FROM 'DIR' (a String) ENGINE = File(CSV)"],
  ["BACKUP TABLE alperf.windows TO File('DIR/out')"],
  // Other machines and programs.
  ["SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')"],
  ["DESCRIBE url('http://127.0.0.1:1/')"],
  ["SELECT * FROM s3('http://127.0.0.1:1/b/k', CSV, 'a String')"],
  ["SELECT * FROM s3('http://127.0.0.1:1/b/k', SETTINGS a = 1)"],
  ["SELECT * FROM remote('127.0.0.1', other.secrets)"],
  ["SELECT * FROM remoteSecure('127.0.0.1', 'other', 'secrets')"],
  ["SELECT * FROM cluster('default', other.secrets)"],
  ["SELECT * FROM clusterAllReplicas('default', system, one)"],
  ["SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
  ["SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')"],
  ["SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'e UInt8')"],
  ["SELECT * FROM redis('127.0.0.1:1', 'a', 'a String, b String')"],
  ["SELECT * FROM jdbc('jdbc:x', 'a', 'b')"],
  ["SELECT * FROM odbc('DSN=x', 'a', 'b')"],
  ["SELECT * FROM hdfs('hdfs://127.0.0.1:1/a', CSV, 'a String')"],
  ["SELECT * FROM executable('cat', CSV, 'a String', (SELECT 1))"],
  ["SELECT * FROM iceberg('http://127.0.0.1:1/a')"],
  ["SELECT * FROM deltaLakeLocal('DIR')"],
  ["SELECT * FROM azureBlobStorage('a', 'b', 'c')"],
  ["SELECT aiGenerate('x', 'y')"],
  ["SELECT chdb('SELECT 1')"],
  // Other tables.
  ['SELECT * FROM other.secrets'],
  ['SELECT * FROM other . `secrets`'],
  ['SELECT * FROM "other"."secrets"'],
  ['SELECT * FROM {t: Identifier}', 'param_t=other.secrets'],
  ['SELECT * FROM {d: Identifier}.{t: Identifier}', 'param_d=other&param_t=secrets'],
  ['SELECT * FROM {d: Identifier}.secrets', 'param_d=other'],
  ['SELECT * FROM {t: Identifier}', 'param_t=windows%0A%20TableIdentifier%20other.secrets'],
  ['SELECT * FROM secrets', 'database=other'],
  ['USE other'],
  ['SELECT hits FROM windows WHERE cache IN other.secrets'],
  ['SELECT hits FROM windows WHERE cache NOT IN (other.secrets)'],
  ["SELECT in('correct-horse-battery-staple', other.secrets)"],
  ["SELECT globalIn('x', other.secrets)"],
  ["SELECT nullIn('x', other.secrets)"],
  ["SELECT 'x' IN {t: Identifier}", 'param_t=other.secrets'],
  ['SELECT * FROM windows, other.secrets'],
  ['SELECT * FROM zeros(3)'],
  ['SELECT * FROM windows LEFT JOIN other.secrets ON 1'],
  ['SELECT * FROM (SELECT * FROM (SELECT * FROM other.secrets))'],
  ['WITH a AS (SELECT * FROM other.secrets) SELECT * FROM a'],
  ['WITH other AS (SELECT 1) SELECT * FROM other.secrets'],
  ['SELECT (SELECT secret FROM other.secrets)'],
  ['SELECT * FROM windows WHERE hits = (SELECT length(secret) FROM other.secrets)'],
  ["SELECT * FROM merge('other', '.*')"],
  ["SELECT * FROM merge(REGEXP('.*'), 'secrets')"],
  ["SELECT * FROM dictionary('other.secrets')"],
  ["SELECT dictGet('other.secrets', 'secret', 1)"],
  ["SELECT joinGet('other.secrets', 'secret', 1)"],
  ["SELECT hasColumnInTable('other', 'secrets', 'secret')"],
  ["SELECT * FROM mergeTreeIndex('other', 'secrets')"],
  ["SELECT * FROM input('a String') FORMAT CSV\ncorrect"],
  ['DESCRIBE other.secrets'],
  ['SHOW CREATE TABLE other.secrets'],
  ['SHOW TABLES FROM other'],
  ['SHOW COLUMNS FROM secrets FROM other'],
  ['EXISTS TABLE other.secrets'],
  ['SELECT * FROM eval($$SELECT * FROM other.secrets$$)'],
  ["SELECT * FROM fuzzQuery('SELECT 1')"],
  // The server.
  ['SELECT * FROM system.query_log'],
  ['SELECT * FROM system.processes'],
  ['SELECT * FROM system.settings'],
  ['SELECT name FROM system.merge_tree_settings'],
  ['SELECT * FROM system.server_settings'],
  ['SELECT * FROM system.users'],
  ['SELECT * FROM system.named_collections'],
  ['SELECT * FROM system.disks'],
  ['SELECT * FROM system.parts'],
  ['SELECT * FROM SYSTEM.processes'],
  ['SELECT 1 IN system.processes'],
  ['SELECT * FROM INFORMATION_SCHEMA.tables'],
  ['SELECT * FROM information_schema.columns'],
  ['SELECT * FROM system.tables'],
  ['SELECT name, data_paths FROM system.tables'],
  ['SELECT t.* FROM system.tables AS t'],
  ["SELECT COLUMNS('path') FROM system.tables"],
  ['SELECT COLUMNS(name, metadata_path) FROM system.tables'],
  ['SELECT tuple(*) FROM system.databases'],
  ['SELECT * FROM (SELECT * FROM system.tables)'],
  ["SELECT getSetting('max_threads')"],
  ["SELECT getClientHTTPHeader('Authorization')"],
  ["SELECT getServerSetting('max_connections')"],
  ['SELECT hostName()'],
  ['SELECT FQDN()'],
  ['SELECT serverUUID()'],
  ["SELECT getMacro('shard')"],
  ['SELECT showCertificate()'],
  ['SELECT filesystemAvailable()'],
  ['SELECT sleep(3)'],
  ['SELECT sleepEachRow(1) FROM numbers(3)'],
  ["SELECT logTrace('x')"],
  ['SELECT addressToLine(1)'],
  ["SELECT formatRow('Template', 1)"],
  ['SELECT regionToName(1)'],
  ['SELECT evalMLMethod(1, 2)'],
  ['SHOW PROCESSLIST'],
  ['SHOW GRANTS'],
  ['SHOW ACCESS'],
  ["SHOW SETTINGS LIKE '%'"],
  ['SHOW CLUSTERS'],
  ['SHOW SETTING max_threads'],
  ['CHECK TABLE windows'],
  // Changes.
  ['DROP TABLE windows'],
  ['DROP DATABASE alperf'],
  ['TRUNCATE TABLE windows'],
  ["INSERT INTO windows (cache) VALUES ('x')"],
  ['INSERT INTO windows (cache) FORMAT CSV\nx'],
  ['INSERT INTO windows SELECT * FROM windows'],
  ['ALTER TABLE windows DELETE WHERE 1'],
  ['ALTER TABLE windows ADD COLUMN x UInt8'],
  ['DELETE FROM windows WHERE 1'],
  ['UPDATE windows SET hits = 1 WHERE 1'],
  ['OPTIMIZE TABLE windows FINAL'],
  ['RENAME TABLE windows TO w'],
  ['EXCHANGE TABLES windows AND cache'],
  ['CREATE TABLE x (a UInt8) ENGINE = Memory'],
  ['CREATE TEMPORARY TABLE x (a UInt8)'],
  ['CREATE VIEW x AS SELECT 1'],
  ['CREATE FUNCTION plus_one AS (x) -> x + 1'],
  ['CREATE USER u'],
  ['CREATE NAMED COLLECTION c AS a = 1'],
  ['GRANT ALL ON *.* TO default'],
  ['DETACH TABLE windows'],
  ['SYSTEM SHUTDOWN'],
  ['SYSTEM FLUSH LOGS'],
  ['KILL QUERY WHERE 1'],
  ['KILL MUTATION WHERE 1'],
  ['SET max_threads = 1'],
  ['SET readonly = 0'],
  ['SET ROLE ALL'],
  ['EXECUTE AS default SELECT 1'],
  ['BEGIN TRANSACTION'],
  ['MOVE USER u TO local'],
  ['UNDROP TABLE windows'],
  ["EXPLAIN TABLE OVERRIDE mysql('a')"],
  ['EXPLAIN CURRENT TRANSACTION'],
  ['EXPLAIN INSERT INTO windows SELECT * FROM windows'],
  ['EXPLAIN AST DROP TABLE windows'],
  ['SELECT 1 PARALLEL WITH SELECT 2'],
  ['SELECT 1 PARALLEL WITH DROP TABLE windows'],
  // Several statements, and texts that look like one.
  ['SELECT 1; DROP TABLE windows'],
  ['SELECT 1;;DROP TABLE windows'],
  ['SELECT 1 /* ; */; DROP TABLE windows'],
  ["SELECT '\\'; DROP TABLE windows; --'; DROP TABLE windows"],
  ['SELECT $a$;$a$; DROP TABLE windows'],
  ['SELECT 1\0; DROP TABLE windows'],
  ['SELECT 1 #; \n; DROP TABLE windows'],
  ['SELECT 1 /* /* */ ; DROP TABLE windows; /* */'],
  ['SELECT 1 FORMAT CSV; DROP TABLE windows'],
  ["'); DROP TABLE windows; --"],
  ["\\'); DROP TABLE windows; --"],
  ["') SELECT file('DIR/secret.csv'), ('"],
  ['SELECT {a: String}; DROP TABLE windows', 'param_a=1'],
  ['', 'query=SELECT%201%3B%20DROP%20TABLE%20windows'],
  ['; DROP TABLE windows', 'query=SELECT%201'],
  ['DROP TABLE windows', 'query=--%20x'],
  // Settings.
  ['SELECT 1 SETTINGS readonly = 0'],
  ['SELECT 1 SETTINGS final = 0'],
  ['SELECT 1 SETTINGS allow_ddl = 1'],
  ["SELECT 1 SETTINGS additional_table_filters = {'alperf.windows': '0'}"],
  ["SELECT 1 SETTINGS additional_result_filter = '0'"],
  ['SELECT * FROM (SELECT 1 SETTINGS max_execution_time = 0)'],
  ['SELECT 1 SETTINGS max_execution_time = 0 UNION ALL SELECT 2'],
  ["SELECT 1 SETTINGS format_schema = 'DIR/x', max_threads = 1"],
  ["SELECT 1 SETTINGS output_format_schema = 'DIR/out'"],
  ["SELECT 1 SETTINGS dialect = 'kusto'"],
  ['SELECT 1 SETTINGS query_plan_enable_optimizations = DEFAULT'],
  ['SELECT 1', 'readonly=0'],
  ['SELECT 1', 'final=0'],
  ['SELECT 1', 'allow_introspection_functions=1'],
  ['SELECT 1', 'session_timezone=Europe/Berlin'],
  ['SELECT 1', 'additional_table_filters=%7B%7D'],
  ['SELECT 1', 'max_execution_time=-1'],
  ['SELECT 1', 'max_memory_usage=1e999'],
  ['SELECT 1', 'role=admin'],
  ['SELECT 1', 'compress=1'],
  ['SELECT 1', 'max_result_rows%20=%201,%20readonly=0'],
  ['SELECT 1', 'default_format=Template'],
  ['SELECT 1 FORMAT CustomSeparated'],
  ['SELECT 1 FORMAT SQLInsert'],
  // Names that would forge lines of the syntax tree.
  ['SELECT 1 AS `a\n   Identifier b`'],
  ['SELECT 1 AS "a\\n) (children 9)"'],
];

describe('SQL for people', () => {
  it.each(ATTACKS.map(([statement, more]) => [statement, more ?? '']))('refuses %j %s', async (statement, more) => {
    const { status, text, code } = await ask(statement.replaceAll('DIR', fixture.directory), more);
    expect(text).not.toContain(SECRET);
    expect([status >= 400 && status < 500, text]).toEqual([
      true,
      expect.stringMatching(/^Code: \d+\. DB::Exception: /),
    ]);
    expect(text).toContain(`Code: ${code}.`);
  });

  it('changed nothing, wrote no file and kept the engine by all of that', async () => {
    expect(await state()).toBe(before);
    expect(fixture.written()).toEqual([]);
  });

  it('answers whatever comes, and fails on none of it', async () => {
    const words = fc.constantFrom(
      'SELECT ',
      'FROM ',
      'windows ',
      '* ',
      'file(',
      ')',
      "'",
      '`',
      '"',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      '\n',
      '\0',
      '$$',
      '{a:String}',
      'INTO OUTFILE ',
      'FORMAT JSON',
      'SETTINGS ',
      'UNION ALL ',
      'WITH ',
      'IN ',
      '(',
      ',',
      '1',
      '\u{1f4a3}',
      '\ud800',
      'EXPLAIN ',
      'DESCRIBE ',
    );
    const statement = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words, { maxLength: 12 }).map((list) => list.join('')),
    );
    await fc.assert(
      fc.asyncProperty(statement, fc.webQueryParameters(), async (text, query) => {
        const { status } = await ask(text, query);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect(await state()).toBe(before);
    expect(fixture.written()).toEqual([]);
    expect((await ask('SELECT 1')).text).toBe('1\n');
  });
});
