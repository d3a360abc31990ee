import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCanonical } from './canonical-statement.js';
import { SqlError } from './sql-error.js';

describe('A canonical statement', () => {
  it.each([
    ['SELECT 1', 'SELECT 1', undefined, []],
    ['SELECT 1 FORMAT JSON', 'SELECT 1', 'JSON', []],
    [
      "SELECT 1 SETTINGS a = 1, b = 'x\\'y' FORMAT CSV",
      'SELECT 1',
      'CSV',
      [
        ['a', '1'],
        ['b', "x'y"],
      ],
    ],
    ['SELECT 1 FORMAT CSV SETTINGS a = 1', 'SELECT 1', 'CSV', [['a', '1']]],
    ['SELECT 1 FORMAT `Null`', 'SELECT 1', 'Null', []],
    ['SELECT 1 FORMAT `Values` SETTINGS a = 1', 'SELECT 1', 'Values', [['a', '1']]],
    ["SELECT ' FORMAT JSON'", "SELECT ' FORMAT JSON'", undefined, []],
    ['SELECT `FORMAT`, `SETTINGS` AS format', 'SELECT `FORMAT`, `SETTINGS` AS format', undefined, []],
    ['SELECT * FROM (SELECT 1 SETTINGS a = 1)', 'SELECT * FROM (SELECT 1 SETTINGS a = 1)', undefined, []],
  ])('%j is taken apart', (text, sql, format, settings) => {
    expect(readCanonical(text)).toEqual({ sql, format, settings, identifierParameters: [] });
  });

  it('tells which parameters are names', () => {
    expect(readCanonical('SELECT {a:UInt8}, {b:Identifier} FROM {c:Identifier}').identifierParameters).toEqual([
      'b',
      'c',
    ]);
  });

  it.each([
    "SELECT 1 INTO OUTFILE 'x'",
    'SELECT 1 AS `a\\nb`',
    'SELECT 1 SETTINGS a = [1]',
    'SELECT 1 SETTINGS a = 1 UNION ALL SELECT 2',
  ])('%j is refused', (text) => {
    expect(() => readCanonical(text)).toThrow(SqlError);
  });

  it('is read or refused, whatever it holds, and never longer than it was', () => {
    const words = fc.constantFrom(
      'FORMAT ',
      'SETTINGS ',
      'a ',
      '= ',
      '1 ',
      ', ',
      "'",
      '`',
      '\\',
      '(',
      ')',
      '{',
      '}',
      ':Identifier',
      'OUTFILE ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), (list) => {
        const text = list.join('');
        try {
          expect(text.startsWith(readCanonical(text).sql)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(SqlError);
        }
      }),
    );
  });
});
