import { describe, expect, it } from '@jest/globals';
import { forRevision } from './native-blocks.js';
import { readType } from './native-types.js';

const text = (value: string) => [value.length, ...Buffer.from(value)];
const INFO = [1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0];

describe('Native blocks for a revision', () => {
  const block = [1, 2, ...text('a'), ...text('UInt16'), 1, 0, 2, 0];

  it('are as they were for revision 0', () => {
    expect([...forRevision(Buffer.from(block), 0)]).toEqual(block);
  });

  it('begin with their info, and flag each column from 54454 on', () => {
    expect([...forRevision(Buffer.from(block), 54_453)]).toEqual([...INFO, ...block]);
    const flagged = [1, 2, ...text('a'), ...text('UInt16'), 0, 1, 0, 2, 0];
    expect([...forRevision(Buffer.from([...block, ...block]), 54_460)]).toEqual([
      ...INFO,
      ...flagged,
      ...INFO,
      ...flagged,
    ]);
  });

  it('have no data when they have no rows', () => {
    const empty = [1, 0, ...text('a'), ...text('LowCardinality(String)')];
    expect([...forRevision(Buffer.from(empty), 54_460)]).toEqual([...INFO, ...empty, 0]);
  });

  it('are refused when they end early', () => {
    expect(() => forRevision(Buffer.from(block.slice(0, -1)), 54_460)).toThrow(/ends early/);
  });
});

describe('A type', () => {
  it.each([
    ["DateTime64(3, 'UTC')", { kind: 'fixed', bytes: 8 }],
    ['Decimal(38, 4)', { kind: 'fixed', bytes: 16 }],
    ["Enum8('a,(' = 1, 'b' = 2)", { kind: 'fixed', bytes: 1 }],
    ['LowCardinality(Nullable(String))', { kind: 'dictionary', inner: { kind: 'string' } }],
    ['SimpleAggregateFunction(sum, UInt64)', { kind: 'fixed', bytes: 8 }],
    [
      'Tuple(a UInt8, `b c` Nullable(String))',
      {
        kind: 'tuple',
        parts: [
          { kind: 'fixed', bytes: 1 },
          { kind: 'nullable', inner: { kind: 'string' } },
        ],
      },
    ],
    [
      'Map(String, Array(UInt8))',
      {
        kind: 'array',
        inner: { kind: 'tuple', parts: [{ kind: 'string' }, { kind: 'array', inner: { kind: 'fixed', bytes: 1 } }] },
      },
    ],
  ])('%s is read', (type, expected) => {
    expect(readType(type)).toEqual(expected);
  });

  it('whose length is not known is refused', () => {
    expect(() => readType('AggregateFunction(sum, UInt64)')).toThrow(/cast it to String/);
  });
});
