import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { jsonFault } from './json-fault.js';

/** What V8 says of a text: nothing for JSON, else its message. */
function complaint(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const anyJson = fc
  .tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom('', ' ', '\t', '\r\n'))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent));

describe('jsonFault', () => {
  it('finds none in JSON', () => {
    fc.assert(
      fc.property(anyJson, (text) => {
        expect(jsonFault(text)).toBeUndefined();
        expect(jsonFault(` \t\r\n${text}\n`)).toBeUndefined();
      }),
    );
  });

  it('finds the same faults as the parser, there where the parser says', () => {
    const piece = fc.constantFrom(...'{}[],:"\\ \n\u0001-+.eE019tfnu/xé');
    const broken = fc
      .tuple(anyJson, fc.nat(), fc.nat({ max: 2 }), fc.array(piece, { maxLength: 3 }))
      .map(([text, where, length, pieces]) => {
        const at = where % (text.length + 1);
        return text.slice(0, at) + pieces.join('') + text.slice(at + length);
      });
    fc.assert(
      fc.property(
        fc.oneof(
          broken,
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const said = complaint(text);
          const fault = jsonFault(text);
          expect(fault === undefined).toBe(said === undefined);
          const position = /at position (\d+)/.exec(said ?? '')?.[1];
          if (position !== undefined) expect(fault).toBe(Number(position));
          if (said === 'Unexpected end of JSON input') expect(fault).toBe(text.length);
          // What is before the fault is the beginning of some JSON: nothing is wrong with it but its end.
          if (fault !== undefined) expect([fault, undefined]).toContain(jsonFault(text.slice(0, fault)));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['{"a": nil}', 7],
    ['[1, 2,]', 6],
    ["{'a': 1}", 1],
    ['[1] [2]', 4],
    ['{"a": 1', 7],
    ['1.', 2],
    ['"\\u12', 5],
    ['', 0],
  ])('finds it in %j', (text, at) => {
    expect(jsonFault(text)).toBe(at);
  });

  it('takes any depth and length', () => {
    expect(jsonFault('['.repeat(2_000_000))).toBe(2_000_000);
    expect(jsonFault(`["${'a'.repeat(2_000_000)}`)).toBe(2_000_002);
  });
});
