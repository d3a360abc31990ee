import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatClause, readStatement } from './statement.js';

describe('A statement', () => {
  it.each([
    ['SELECT 1;', 'SELECT 1', false],
    ['SELECT 1 ; -- done', 'SELECT 1', false],
    ['-- why\n /* ; */ SELECT 1', 'SELECT 1', false],
    ["SELECT ';', `;`, \";\", 'it''s;', '\\';' -- ;", "SELECT ';', `;`, \";\", 'it''s;', '\\';' -- ;", false],
    ['SELECT $x$;$x$;;', 'SELECT $x$;$x$', false],
    ['SELECT 1; SELECT 2', 'SELECT 1', true],
    ['SELECT 1;/*;*/SELECT 2', 'SELECT 1', true],
    ['', '', false],
  ])('of %j is %j', (text, sql, several) => {
    expect(readStatement(text)).toEqual({ sql, several, insert: undefined });
  });

  it('is read whatever it holds', () => {
    const parts = fc.constantFrom(
      "'",
      '"',
      '`',
      '\\',
      ';',
      '--',
      '/*',
      '*/',
      '\n',
      '$a$',
      'INSERT INTO ',
      't',
      ' FORMAT CSV ',
      '(',
      ')',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string())), (words) => {
        const text = words.join('');
        try {
          const { sql, insert } = readStatement(text);
          expect(text).toContain(sql);
          if (insert !== undefined) expect(insert.dataStart).toBeLessThanOrEqual(text.length);
        } catch (error) {
          expect(error).toMatchObject({ errorName: 'SYNTAX_ERROR' });
        }
      }),
    );
  });

  it('is counted as several exactly when a second one follows', () => {
    const quoted = fc.string().map((text) => `'${text.replaceAll(/[\\']/g, (char) => `\\${char}`)}'`);
    fc.assert(
      fc.property(quoted, quoted, (a, b) => {
        expect(readStatement(`SELECT ${a}, ${b}`).several).toBe(false);
        expect(readStatement(`SELECT ${a}; SELECT ${b}`).several).toBe(true);
      }),
    );
  });
});

describe('The head of an insert', () => {
  const head = (text: string) => readStatement(text).insert;

  it.each([
    ['INSERT INTO t FORMAT CSV\n1', { table: 't', columns: undefined, settings: [], format: 'CSV', dataStart: 25 }],
    [
      'insert into `d`.`t x` (a, `b(c`) format RowBinary',
      { table: '`d`.`t x`', columns: 'a, `b(c`', format: 'RowBinary' },
    ],
    ['INSERT INTO t (* EXCEPT(a)) FORMAT Native ', { columns: '* EXCEPT(a)' }],
    [
      "INSERT INTO t SETTINGS a=1, b = 'x\\'y' FORMAT CSV 1",
      {
        settings: [
          ['a', '1'],
          ['b', "x'y"],
        ],
      },
    ],
    ['INSERT INTO TABLE t VALUES (1)', { table: 't', format: 'Values', dataStart: 26 }],
  ])('of %j', (text, expected) => {
    expect(head(text)).toMatchObject(expected);
  });

  it('is none for INSERT SELECT', () => {
    expect(readStatement('INSERT INTO t (a) SELECT 1').insert).toBeUndefined();
    expect(readStatement('INSERT INTO t WITH 1 AS a SELECT a').insert).toBeUndefined();
  });

  it.each([
    "INSERT INTO t SELECT * FROM input('a UInt8') FORMAT CSV\n1",
    "INSERT INTO FUNCTION file('x') SELECT 1",
    "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV",
    'INSERT INTO t',
  ])('refuses %j', (text) => {
    expect(() => readStatement(text)).toThrow(/INSERT INTO table/);
  });
});

it.each([
  ['SELECT 1 FORMAT JSON', 'JSON'],
  ['SELECT 1 format Native SETTINGS max_threads = 1', 'Native'],
  ["SELECT 'FORMAT JSON'", undefined],
  ['SELECT 1', undefined],
])('finds the format that %j asks for', (sql, format) => {
  expect(formatClause(sql)).toBe(format);
});
