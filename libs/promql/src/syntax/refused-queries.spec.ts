import { describe, expect, it } from '@jest/globals';
import { QuerySyntaxError } from '../errors.js';
import { parseQuery } from './parse-query.js';

/** The error, and what of the text it points at. */
function refusal(text: string): { message: string; at: string; hint: string | undefined } {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QuerySyntaxError) {
      return { message: error.message, at: text.slice(error.span.from, error.span.to), hint: error.hint };
    }
    throw error;
  }
  throw new Error(`It is taken: ${text}`);
}

const tell = (rows: readonly (readonly [text: string, message: string, at: string])[]): void => {
  it.each(rows)('%s', (text, message, at) => {
    expect(refusal(text)).toMatchObject({ message, at });
  });
};

describe('words that are none are refused', () => {
  tell([
    ['', 'no expression found in input', ''],
    ['# only a comment', 'no expression found in input', '# only a comment'],
    ['a $ b', "unexpected character: '$'", '$'],
    ['a !~ b', "unexpected character after '!': '~'", '!'],
    ['a =~ b', "unexpected character after '=': '~'", '='],
    ['a{b*"c"}', "unexpected character inside braces: '*'", '*'],
    ['a{b!"c"}', `unexpected character after '!' inside braces: '"'`, '!'],
    ['a{{', "unexpected left brace '{'", '{'],
    ['a}', "unexpected character: '}'", '}'],
    ['a)', "unexpected right parenthesis ')'", ')'],
    ['a]', "unexpected right bracket ']'", ']'],
    ['(a', 'unclosed left parenthesis', ''],
    ['a{b="c"', 'unexpected end of input inside braces', ''],
    ['a[', 'unexpected end of input in duration expression', ''],
    ['a[5m', 'unclosed left bracket', ''],
    ['a[5m[', "unexpected left bracket '['", '['],
    ['a[5m:1m:1m]', "unexpected colon ':'", ':'],
    ['a["5m"]', `unexpected character in duration expression: '"'`, '"'],
    ['"abc', 'unterminated quoted string', '"abc'],
    ['"a\nb"', 'unterminated quoted string', '"a'],
    ['`abc', 'unterminated raw string', '`abc'],
    [String.raw`"\q"`, "unknown escape sequence U+0071 'q'", String.raw`\q`],
    [String.raw`"\'"`, `unknown escape sequence U+0027 '''`, String.raw`\'`],
    [String.raw`"\xg0"`, "illegal character U+0067 'g' in escape sequence", String.raw`\xg`],
    [String.raw`"\400"`, 'escape sequence is an invalid Unicode code point', String.raw`\400`],
    [String.raw`"\ud800"`, 'escape sequence is an invalid Unicode code point', String.raw`\ud800`],
    [String.raw`"\U00110000"`, 'escape sequence is an invalid Unicode code point', String.raw`\U00110000`],
    [String.raw`"\u12`, 'escape sequence not terminated', String.raw`\u12`],
    ['5foo', 'bad number or duration syntax: "5foo"', '5foo'],
    ['1__0', 'bad number or duration syntax: "1__0"', '1__0'],
    ['0x', 'bad number or duration syntax: "0x"', '0x'],
    ['1e', 'bad number or duration syntax: "1e"', '1e'],
    ['1.5h', 'bad number or duration syntax: "1.5h"', '1.5h'],
    ['a[5m1h]', 'not a valid duration string: "5m1h"', '5m1h'],
    ['1e999', 'error parsing number: "1e999": value out of range', '1e999'],
    ['300y', 'duration out of range', '300y'],
  ]);
});

describe('words in the wrong place are refused', () => {
  tell([
    ['a b', 'unexpected identifier "b"', 'b'],
    ['a b:c', 'unexpected metric identifier "b:c"', 'b:c'],
    ['a +', 'unexpected end of input', ''],
    ['* a', 'unexpected <op:*>', '*'],
    ['a = b', 'unexpected "="', '='],
    ['1 "x"', 'unexpected string "\\"x\\""', '"x"'],
    ['1 5m', 'unexpected duration "5m"', '5m'],
    ['bool', 'unexpected <bool>', 'bool'],
    ['on + a', 'unexpected <on>', 'on'],
    ['a bool == b', 'unexpected <bool>', 'bool'],
    ['()', 'unexpected ")"', ')'],
    ['a{b}', 'unexpected "}" in label matching, expected label matching operator', '}'],
    ['a{b=}', 'unexpected "}" in label matching, expected string', '}'],
    ['a{b=c}', 'unexpected identifier "c" in label matching, expected string', 'c'],
    ['a{,}', 'unexpected "," in label matching, expected identifier or "}"', ','],
    ['a{b="c" d="e"}', 'unexpected identifier "d" in label matching, expected "," or "}"', 'd'],
    ['a @', 'unexpected end of input in @, expected timestamp', ''],
    ['a @ b', 'unexpected identifier "b" in @, expected timestamp', 'b'],
    ['a offset', 'unexpected end of input in offset, expected number or duration', ''],
    ['a offset b', 'unexpected identifier "b" in offset, expected number or duration', 'b'],
    ['a[]', 'unexpected "]" in subquery or range selector, expected number or duration', ']'],
    ['a[5m 5m]', 'unexpected duration "5m" in subquery or range, expected ":" or "]"', '5m'],
    ['a[5m:1m 5m]', 'unexpected duration "5m" in subquery selector, expected "]"', '5m'],
    ['sum by a (b)', 'unexpected <by>', 'by'],
    ['sum by (1) (b)', 'unexpected number "1" in grouping opts, expected label', '1'],
    ['sum by (a b) (c)', 'unexpected identifier "b" in grouping opts, expected "," or ")"', 'b'],
    ['sum(a) by', 'unexpected end of input in grouping opts, expected "("', ''],
    ['a + on b', 'unexpected identifier "b" in grouping opts, expected "("', 'b'],
    ['a + group_left (b) c', 'unexpected <group_left>', 'group_left'],
    ['abs(a,)', 'trailing commas not allowed in function call args', ','],
    ['1{a="b"}', 'unexpected "{"', '{'],
    ['sum by (a) by (b) (c)', 'unexpected <by>', 'by'],
  ]);
});

describe('parts that do not go together are refused', () => {
  tell([
    ['{}', 'vector selector must contain at least one non-empty matcher', '{}'],
    ['{a=""}', 'vector selector must contain at least one non-empty matcher', '{a=""}'],
    ['{a=~".*",b!~".+"}', 'vector selector must contain at least one non-empty matcher', '{a=~".*",b!~".+"}'],
    ['{a!="b"}', 'vector selector must contain at least one non-empty matcher', '{a!="b"}'],
    ['a{__name__="b"}', 'metric name must not be set twice: "a" or "b"', 'a{__name__="b"}'],
    ['a{"b"}', 'metric name must not be set twice: "a" or "b"', 'a{"b"}'],
    ['a{b=~"["}', 'error parsing regexp: missing closing ]: `[`', 'b=~"["'],
    ['a{b!~"x**"}', 'error parsing regexp: invalid nested repetition operator: `**`', 'b!~"x**"'],
    ['sum by ("") (a)', 'invalid label name for grouping: ""', '""'],
    ['a[0]', 'duration must be greater than 0', '0'],
    ['a[-5m]', 'duration must be greater than 0', '-5m'],
    ['a[5m:0s]', 'duration must be greater than 0', '0s'],
    ['a[0.0001]', 'duration must be greater than 0', '0.0001'],
    ['a offset 1e18', 'duration out of range', '1e18'],
    ['a offset 1m offset 1m', 'offset may not be set multiple times', 'a offset 1m'],
    ['a @ 1 @ 2', '@ <timestamp> may not be set multiple times', 'a @ 1'],
    ['a @ Inf', 'timestamp out of bounds for @ modifier: +Inf', 'a'],
    ['a @ NaN', 'timestamp out of bounds for @ modifier: NaN', 'a'],
    ['a offset 1m [5m]', 'no offset modifiers allowed before range', '[5m]'],
    ['a @ 1 [5m]', 'no @ modifiers allowed before range', '[5m]'],
    ['(a)[5m]', 'ranges only allowed for vector selectors', '[5m]'],
    ['a[5m][5m]', 'ranges only allowed for vector selectors', '[5m]'],
    [
      '(a) offset 1m',
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      '(a)',
    ],
    [
      'sum(a) @ 1',
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      'sum(a)',
    ],
  ]);
});

describe('what is experimental in Prometheus is refused, and said to be', () => {
  tell([
    ['a[5m+1m]', 'experimental duration expression is not enabled', '+'],
    ['a[(5m)]', 'experimental duration expression is not enabled', '('],
    ['a[step()]', 'experimental duration expression is not enabled', 'step'],
    ['a[1h:5m*2]', 'experimental duration expression is not enabled', '*'],
    ['a offset (5m)', 'experimental duration expression is not enabled', '('],
    ['a offset -range()', 'experimental duration expression is not enabled', 'range'],
    ['a anchored', 'anchored modifier is experimental and not enabled', 'anchored'],
    ['rate(a[5m] smoothed)', 'smoothed modifier is experimental and not enabled', 'smoothed'],
    ['a + fill(0) b', 'binop fill modifiers are experimental and not enabled', 'fill'],
    ['a + on (c) fill_left (0) b', 'binop fill modifiers are experimental and not enabled', 'fill_left'],
    ['limitk(1, a)', 'limitk() is experimental and not enabled', 'limitk'],
    ['limit_ratio by (b) (1, a)', 'limit_ratio() is experimental and not enabled', 'limit_ratio'],
    ['info(a)', 'function "info" is not enabled', 'info'],
    ['max_of(1, 2)', 'function "max_of" is not enabled', 'max_of'],
    ['start()', 'function "start" is not enabled', 'start'],
  ]);

  it('with a hint that it is behind a feature flag', () => {
    expect(refusal('a[5m+1m]').hint).toContain('experimental in Prometheus');
    expect(refusal('sort_by_label(a, "b")').hint).toContain('not supported here');
  });
});
