import { describe, expect, it } from '@jest/globals';
import { wrapped } from './wrap.js';

describe('A long line', () => {
  it.each([
    ['fits', 'one two', 7, ['one two']],
    ['goes on at a space', 'one two three', 9, ['one two', '    three']],
    ['is broken where there is no space', 'abcdefghijklmnop', 9, ['abcdefghi', '    jklmn', '    op']],
    ['keeps its own beginning', '    one two three four', 11, ['    one two', '    three', '    four']],
    ['is not indented where nothing has room', 'a bcd', 2, ['a', 'bc', 'd']],
    ['is whole without a limit', 'one two', Infinity, ['one two']],
  ])('%s', (_, text, columns, lines) => {
    expect(wrapped(text, columns)).toEqual(lines);
  });
});
