import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TraceParser, type TraceAccess, type TraceOptions } from './trace-parser.js';

function parse(text: string, options: Partial<TraceOptions> = {}, pieces: readonly number[] = []): TraceAccess[] {
  const parser = new TraceParser({ format: 'auto', ...options });
  const accesses: TraceAccess[] = [];
  let rest = text;
  for (const length of pieces) {
    accesses.push(...parser.push(rest.slice(0, length)));
    rest = rest.slice(length);
  }
  return [...accesses, ...parser.push(rest), ...parser.end()];
}

const access = (key: string, size?: number, timeMs?: number): TraceAccess => ({ key, size, timeMs });

describe('A trace of keys', () => {
  it('is one key per line, empty lines left out, with or without a last line feed', () => {
    expect(parse('1\n2\n\n1\r\n3')).toEqual([access('1'), access('2'), access('1'), access('3')]);
  });

  it('may have a header that starts with #', () => {
    expect(parse('#key\na\n#b\n')).toEqual([access('a'), access('#b')]);
  });

  it('keeps commas, tabs and quotes in its keys when the format is given', () => {
    expect(parse('a,b\n"c\td"\n', { format: 'keys' })).toEqual([access('a,b'), access('"c\td"')]);
  });
});

describe('A trace with columns', () => {
  it('finds its columns by the names of its header, and ignores those it does not know', () => {
    expect(parse('#key\tsize\ttime\top\n42\t512\t5633898\t2a\n')).toEqual([access('42', 512, 5_633_898)]);
    expect(parse('#key\ttime_ms\n0\t7\n')).toEqual([access('0', undefined, 7)]);
    expect(parse('id,time_us,bytes\nx,2000,9\n')).toEqual([access('x', 9, 2)]);
  });

  it('tells a header by a key column at any place from an access whose key is a word', () => {
    expect(parse('timestamp,obj_id,size\n1,a,10\n')).toEqual([access('a', 10, 1)]);
    expect(parse('a,10,id\n', { format: 'keys' })).toEqual([access('a,10,id')]);
    expect(() => parse('url,length\na,10\n')).toThrow(/Line 1 of the trace: "length" is not a size/);
  });

  it('has key, size and time in this order without a header', () => {
    expect(parse('a,10,5\nb,20\nc\n')).toEqual([access('a', 10, 5), access('b', 20), access('c')]);
  });

  it('takes quotes within a bare field as text', () => {
    expect(parse('a""b,1\nc",2\n')).toEqual([access('a""b', 1), access('c"', 2)]);
  });

  it('refuses a line without end instead of holding all of the file', () => {
    expect(() => parse(`a,1\n"${'b\n'.repeat(600_000)}`)).toThrow('Line 2 of the trace: it is longer than');
  });

  it('takes the unit of time that was given', () => {
    expect(parse('#key,size,time\na,1,3\n', { timeUnit: 's' })).toEqual([access('a', 1, 3_000)]);
  });

  it('names the line that cannot be read', () => {
    expect(() => parse('a,1\nb,large\n')).toThrow('Line 2 of the trace: "large" is not a size.');
    expect(() => parse('a,1\n,2\n')).toThrow('Line 2 of the trace: there is no key.');
    expect(() => parse('a,1\n"b,2')).toThrow('Line 2 of the trace: a quoted field does not end.');
    expect(() => parse('a,1\n"b"c,2\n')).toThrow('Line 2 of the trace: text follows a quoted field.');
    expect(() => parse('a,-1\n')).toThrow('is not a size');
    expect(() => parse('a,1,-5\n')).toThrow('is not a time');
  });

  it('reads back whatever RFC 4180 can write, wherever the pieces are cut', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\t', '\n', ' ', '#', 'é', '😀'),
      minLength: 1,
      maxLength: 8,
    });
    const row = fc.record({
      key: field,
      size: fc.option(fc.nat(), { nil: undefined }),
      timeMs: fc.option(fc.nat(), { nil: undefined }),
      quoted: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 20 }),
        fc.constantFrom(',', '\t'),
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 60 }),
        (rows, separator, lineEnd, pieces) => {
          const quote = (text: string, always: boolean) =>
            always || /["\r\n#]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
          const text = [
            ['#key', 'size', 'time'].join(separator),
            ...rows.map(({ key, size, timeMs, quoted }) =>
              [quote(key, quoted), size ?? '', timeMs ?? ''].join(separator),
            ),
          ].join(lineEnd);
          const format = separator === ',' ? 'csv' : 'tsv';
          expect(parse(text, { format }, pieces)).toEqual(
            rows.map(({ key, size, timeMs }) => access(key, size, timeMs)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('answers anything with accesses or a TraceError', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('auto', 'keys', 'csv', 'tsv'), (text, format) => {
        try {
          for (const one of parse(text, { format: format as 'auto' })) expect(one.key).not.toBe('');
        } catch (error) {
          expect((error as Error).name).toBe('TraceError');
        }
      }),
      { numRuns: 500 },
    );
  });
});
