import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { Labels } from './labels.js';
import { compileMatcher, compileMatchers, compilePattern } from './matching.js';

describe('compilePattern', () => {
  it.each([
    ['get', 'get', true],
    ['get', 'gets', false],
    ['get|put', 'put', true],
    ['get|put', 'get|put', false],
    ['get|', '', true],
    ['', '', true],
    ['', 'x', false],
    ['/api/.*', '/api/', true],
    ['/api/.*', '/ap', false],
    ['.*_total', 'requests_total', true],
    ['.*_total', 'requests_totals', false],
    ['.*quest.*', 'requests', true],
    ['.*', '', true],
    ['.+', '', false],
    ['.+', 'x', true],
    ['a.c', 'a\nc', true],
    ['a.*', 'a\nb\n', true],
    ['(?i)GET', 'get', true],
    ['5..', '503', true],
    ['5..', '5030', false],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['[^a]+', 'b\n😀', true],
    ['.', '😀', true],
    ['a|b.*', 'bcd', true],
    ['.*.*', 'anything', true],
    ['\\.*', '...', true],
    ['a\\.*', 'a..', true],
    ['x*', 'xxx', true],
  ])('%j over %j is %s', (pattern, value, expected) => {
    expect(compilePattern(pattern)(value)).toBe(expected);
  });

  it('refuses what is no expression of RE2', () => {
    expect(() => compilePattern('a(b')).toThrow();
    expect(() => compilePattern('(a)\\1')).toThrow();
  });

  it('says of any pattern what RE2 says', () => {
    const part = fc.constantFrom('a', 'b', '.', '*', '|', '.*', '.+', '\\.', '(', ')', '?', 'é', '\n');
    const pattern = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    const value = fc.array(fc.constantFrom('a', 'b', '.', 'é', '\n'), { maxLength: 5 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(pattern, value, (pattern, value) => {
        let expected: boolean;
        try {
          expected = RE2JS.compile(pattern, RE2JS.DOTALL).testExact(value);
        } catch {
          return;
        }
        expect(compilePattern(pattern)(value)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('compileMatchers', () => {
  it('takes a label that is not there as the empty text', () => {
    const labels = Labels.of({ __name__: 'requests_total', code: '200' });
    expect(compileMatchers([{ name: 'job', operator: '=', value: '' }])(labels)).toBe(true);
    expect(compileMatchers([{ name: 'job', operator: '!=', value: '' }])(labels)).toBe(false);
    expect(compileMatchers([{ name: 'job', operator: '=~', value: '.*' }])(labels)).toBe(true);
    expect(compileMatchers([{ name: 'job', operator: '!~', value: '.+' }])(labels)).toBe(true);
  });

  it('wants all of them to hold', () => {
    const labels = Labels.of({ code: '200', job: 'api' });
    const code = { name: 'code', operator: '=~', value: '2..' } as const;
    expect(compileMatchers([code, { name: 'job', operator: '=', value: 'api' }])(labels)).toBe(true);
    expect(compileMatchers([code, { name: 'job', operator: '=', value: 'web' }])(labels)).toBe(false);
  });

  it('denies what the other operator says', () => {
    expect(compileMatcher({ name: 'a', operator: '!~', value: 'x|y' })('x')).toBe(false);
    expect(compileMatcher({ name: 'a', operator: '!=', value: 'x' })('y')).toBe(true);
  });
});
