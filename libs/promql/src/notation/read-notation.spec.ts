import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NotationError } from './notation-error.js';
import { readNotation } from './read-notation.js';
import type { EvalCommand } from './script.js';

function evalOf(text: string): EvalCommand {
  const [command] = readNotation(text);
  if (command?.kind !== 'eval') throw new Error('There is no eval.');
  return command;
}

function problemOf(text: string): string {
  try {
    readNotation(text);
  } catch (error) {
    if (error instanceof NotationError) return error.message;
    throw error;
  }
  return 'none';
}

describe('readNotation', () => {
  it('reads loads with their steps and series, up to an empty line', () => {
    const script = `
# Some requests.
load 5m
  requests_total{code="200"} 0+10x3
  requests_total{code="500"} 1 _ stale

load_with_nhcb 1h30m
  latency_bucket{le="1"} 5

clear
`;
    expect(readNotation(script)).toMatchObject([
      { kind: 'load', line: 3, stepMs: 300_000, withCustomBuckets: false, series: [{ values: { length: 4 } }, {}] },
      { kind: 'load', line: 7, stepMs: 5_400_000, withCustomBuckets: true },
      { kind: 'clear', line: 10 },
    ]);
  });

  it('reads an instant query and what it expects', () => {
    const command = evalOf(`eval instant at 50m topk(2, requests_total) # not a comment
  expect ordered
  expect warn msg: PromQL warning: something (1:9)
  expect info regex: some.*thing
  {code="200"} 5
  {code="500"} 3`);
    expect(command.query).toBe('topk(2, requests_total) # not a comment');
    expect(command.times).toEqual({ at: 3_000_000 });
    expect(command.expected).toMatchObject({
      ordered: true,
      warnings: [{ kind: 'message', text: 'PromQL warning: something (1:9)' }],
      infos: [{ kind: 'regex', text: 'some.*thing' }],
      noInfos: false,
      series: [{ values: [{ value: 5 }] }, { values: [{ value: 3 }] }],
    });
  });

  it('reads a range query', () => {
    const command = evalOf('eval range from 0 to 10m step 5m sum(x) by (to)\n  {to="a"} 1 2 _');
    expect(command).toMatchObject({ query: 'sum(x) by (to)', times: { start: 0, end: 600_000, stepMs: 300_000 } });
  });

  it.each([
    ['5', 5],
    ['-0.5e3', -500],
    ['+Inf', Infinity],
    ['NaN', NaN],
    ['0x1F', 31],
    ['017', 15],
    ['0b11', 3],
  ])('takes the line %s for a scalar', (line, scalar) => {
    expect(evalOf(`eval instant at 0 x\n  ${line}`).expected.scalar).toBe(scalar);
  });

  it.each([
    ['expect string "a\\tb"', 'a\tb'],
    ['expect string `a\\tb`', 'a\\tb'],
    ['expect string ""', ''],
    ['expect string "\\u00e9\\xc3\\xa9\\U0001F600"', 'éé😀'],
  ])('reads %s', (line, text) => {
    expect(evalOf(`eval instant at 0 "x"\n  ${line}`).expected.text).toBe(text);
  });

  it('reads the range of values that an instant query gives', () => {
    const command = evalOf('eval instant at 1m x[1m]\n expect range vector from 10s to 1m step 10s\n x 1 2 3');
    expect(command.rangeVector).toEqual({ start: 10_000, end: 60_000, stepMs: 10_000 });
  });

  it.each([
    ['eval_fail instant at 0 x', { fail: { kind: 'any' } }],
    ['eval_fail instant at 0 x\n expected_fail_message not so', { fail: { kind: 'message', text: 'not so' } }],
    ['eval_fail instant at 0 x\n expected_fail_regexp not.*', { fail: { kind: 'regex', text: 'not.*' } }],
    ['eval_warn instant at 0 x', { someWarning: true, someInfo: false }],
    ['eval_info range from 0 to 1m step 1m x', { someInfo: true }],
    ['eval_ordered instant at 0 x', { ordered: true }],
    ['eval instant at 0 x\n expect fail', { fail: { kind: 'any' } }],
    ['eval instant at 0 x\n expect fail msg: not so', { fail: { kind: 'message', text: 'not so' } }],
    ['eval instant at 0 x\n expect no_warn\n expect no_info', { noWarnings: true, noInfos: true }],
  ])('reads %j', (script, expected) => {
    expect(evalOf(script).expected).toMatchObject(expected);
  });

  it('takes a series by the name of expect when it has braces', () => {
    expect(evalOf('eval instant at 0 expect\n expect{} 5').expected.series).toHaveLength(1);
  });

  it('leaves out when counters began, which needs a feature that is off', () => {
    expect(readNotation('load 1m\n x@st -1m -1m\n x 1 2')).toMatchObject([{ series: [{ values: { length: 2 } }] }]);
  });

  it.each([
    ['foo', 'line 1: "foo" is no command: write load, clear or eval'],
    ['\nload', 'line 2: write load or load_with_nhcb, and a step: load 5m'],
    ['load 5', 'line 1: "5" is no duration: write one like 5m, 1h30m or 0'],
    ['load 5m\n  x 1\n  x{ 1', 'line 3: column 4: a label or } should come here, but there is "1"'],
    ['eval instant x', 'line 1: write eval instant at TIME QUERY, or eval range from START to END step STEP QUERY'],
    ['eval range from 5m to 1m step 1m x', 'line 1: the range ends (1m) before it starts (5m)'],
    ['eval range from 0 to 1m step 0 x', 'line 1: the step is 0: write one like 1m'],
    [
      'eval instant at 0 x\n x 1 2',
      'line 2: an instant query gives one value: write one, or expect range vector from … to … step … before',
    ],
    ['eval instant at 0 x\n expect warn\n expect no_warn', 'line 3: warn and no_warn exclude each other'],
    ['eval instant at 0 x\n expect fail\n expect fail', 'line 3: there are two lines of expect fail: write one'],
    ['load 5m\n x 1+', 'line 2: column 4: a space should come here, but there is "+"'],
    ['load 5m\n x abc', 'line 2: column 3: a number, _, stale or {{…}} should come here, but there is "abc"'],
    ['load 5m\n x{a="b} 1', 'line 2: column 10: the closing " should come here, but the line ends'],
    [
      'load 5m\n x{a="\\q"} 1',
      'line 2: column 6: an escape that there is (\\n, \\t, \\\\, \\", \\x41, \\u00e9) should come here, but there is "\\q"} 1"',
    ],
    [
      'load 5m\n x{a="b",a="c"} 1',
      'line 2: column 14: a label other than a before should come here, but there is "} 1"',
    ],
    ['load 5m\n x 1x99999999', 'line 2: column 13: a count under 1000000 before should come here, but the line ends'],
  ])('says of %j what to write', (script, message) => {
    expect(problemOf(script)).toBe(message);
  });

  it('says so of a regular expression that is none', () => {
    expect(problemOf('eval instant at 0 x\n expect warn regex: a(')).toMatch(
      /^line 2: the regular expression is none: /,
    );
  });

  it('reads any text or says what is wrong with it', () => {
    const word = fc.constantFrom(
      'load',
      'eval',
      'instant',
      'at',
      '5m',
      'x',
      '{',
      '}',
      '{{',
      '}}',
      '1',
      '+',
      'x3',
      '"',
      '\n',
      ' ',
      'expect',
      'buckets:[',
      ']',
      'schema:',
      '\\',
      '_',
      'stale',
      '#',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 25 }).map((words) => words.join('')),
        ),
        (text) => {
          expect(typeof problemOf(text)).toBe('string');
          expect(typeof problemOf(`load 5m\n${text}`)).toBe('string');
          expect(typeof problemOf(`eval instant at 0 x\n${text}`)).toBe('string');
        },
      ),
      { numRuns: 500 },
    );
  });
});
