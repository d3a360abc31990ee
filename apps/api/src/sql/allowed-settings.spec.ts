import { describe, expect, it } from '@jest/globals';
import { checkFormat, effectiveSettings } from './allowed-settings.js';
import { isAllowedFunction } from './allowed-functions.js';

const bounds = { max_execution_time: 30, max_result_rows: 1_000 };
const effective = (asked: [string, string][]) => Object.fromEntries(effectiveSettings(asked, bounds));

describe('Settings', () => {
  it.each([
    ['2', '2'],
    ['60', '30'],
    ['0', '30'],
    ['0.5', '0.5'],
  ])('can lower a bound, not raise or lift it: %s gives %s', (asked, given) => {
    expect(effective([['max_execution_time', asked]])).toEqual({ max_execution_time: given, max_result_rows: '1000' });
  });

  it('pass by what clients send out of habit, and keep what changes the look', () => {
    expect(
      effective([
        ['readonly', '2'],
        ['final', '1'],
        ['log_comment', 'x'],
        ['join_use_nulls', '1'],
      ]),
    ).toEqual({
      max_execution_time: '30',
      max_result_rows: '1000',
      join_use_nulls: '1',
    });
  });

  it.each(['readonly', 'final', 'allow_ddl', 'format_schema', 'constructor', '__proto__', 'additional_table_filters'])(
    'are refused otherwise: %s',
    (name) => {
      expect(() => effective([[name, '0']])).toThrow();
    },
  );
});

describe('Formats', () => {
  it.each([
    'JSON',
    'JSONEachRow',
    'JSONCompactEachRowWithNamesAndTypes',
    'CSV',
    'TSVWithNames',
    'Native',
    'RowBinaryWithNames',
    'Parquet',
    'PrettyCompactMonoBlock',
  ])('take %s', (format) => expect(checkFormat(format)).toBe(format));
  it.each(['Template', 'CustomSeparated', 'Protobuf', 'CapnProto', 'SQLInsert', 'json', 'JSON;', ''])(
    'refuse %j',
    (format) => {
      expect(() => checkFormat(format)).toThrow(/format/);
    },
  );
});

describe('Functions', () => {
  it.each([
    'count',
    'COUNT',
    'sumIf',
    'sumMap',
    'quantilesTDigestArrayIf',
    'uniqMerge',
    'countDistinct',
    'arrayMap',
    'toStartOfInterval',
    '_CAST',
  ])('take %s', (name) => expect(isAllowedFunction(name)).toBe(true));
  it.each([
    'file',
    'fileIf',
    'FILE',
    'url',
    'dictGet',
    'joinGet',
    'sleep',
    'chdb',
    'map2',
    '',
    'hostName',
    'constructor',
  ])('refuse %j', (name) => {
    expect(isAllowedFunction(name)).toBe(false);
  });
});
