import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '../commands.js';
import { UsageError } from './errors.js';
import { commandHelp, overview } from './help.js';
import { parseCommandLine, type CommandLine } from './parse.js';

const parse = (...argv: string[]) => parseCommandLine(argv, COMMANDS);

function invocation(line: CommandLine) {
  if (line.kind !== 'run') throw new Error(`not a command to run: ${line.kind}`);
  return line.invocation;
}

function usage(...argv: string[]): UsageError {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('A command line', () => {
  it('is read into arguments, options with values, flags and defaults', () => {
    const given = invocation(parse('replay', 'a.gz', '--size=10', '--endpoint', 'http://x', '--json'));
    expect(given.argument('TRACE')).toBe('a.gz');
    expect(given.text('size')).toBe('10');
    expect(given.text('endpoint')).toBe('http://x');
    expect(given.text('tier')).toBe('memory');
    expect(given.text('speed')).toBeUndefined();
    expect(given.json).toBe(true);
  });

  it('keeps every value of an option that may be repeated, and the last one of others', () => {
    const given = invocation(
      parse('simulate', 'a.gz', '--policy', 'lru', '--size', '1', '--policy=arc', '--size', '2'),
    );
    expect(given.texts('policy')).toEqual(['lru', 'arc']);
    expect(given.texts('size')).toEqual(['2']);
    expect(given.texts('max-bytes')).toEqual([]);
  });

  it('finds commands of two words, and takes options before arguments', () => {
    const line = parse('dead-letters', 'show', '--json', 'x/1/2');
    expect(line.kind === 'run' && line.command.name).toBe('dead-letters show');
    expect(invocation(line).argument('IDENTITY')).toBe('x/1/2');
  });

  it('suggests what was probably meant', () => {
    expect(usage('repaly', 'x').remedy).toContain('Did you mean `replay`?');
    expect(usage('dead-letter', 'list').remedy).toContain('Did you mean `dead-letters`?');
    expect(usage('dead-letters', 'lst').remedy).toContain('Did you mean `list`?');
    expect(usage('replay', 'x', '--siez', '1').remedy).toContain('Did you mean --size?');
    expect(usage('help', 'docter').remedy).toContain('Did you mean `doctor`?');
  });

  it('suggests nothing where nothing is near', () => {
    expect(usage('xylophone').remedy).not.toContain('Did you mean');
  });

  it('names what is missing or too much', () => {
    expect(usage('replay').message).toBe('TRACE is missing.');
    expect(usage('config', 'now').message).toBe('"now" is one argument too many.');
    expect(usage('replay', 'x', '--size').message).toBe('--size needs a value.');
    expect(usage('replay', 'x', '--size', '--json').message).toBe('--size needs a value.');
    expect(usage('replay', 'x', '--json=yes').message).toBe('--json takes no value.');
    expect(usage('--json', 'replay').message).toContain('The command must come before its options');
  });

  it('takes a single hyphen as a value, and what stands behind -- as arguments', () => {
    expect(invocation(parse('send', '-')).argument('FILE')).toBe('-');
    expect(invocation(parse('send', '--', '--odd-name')).argument('FILE')).toBe('--odd-name');
  });

  it('asks for help in every usual way', () => {
    expect(parse()).toEqual({ kind: 'help' });
    expect(parse('--help')).toEqual({ kind: 'help' });
    expect(parse('keys')).toEqual({ kind: 'help', group: 'keys', asked: false });
    expect(parse('keys', '--help')).toEqual({ kind: 'help', group: 'keys' });
    for (const line of [parse('replay', '-h'), parse('help', 'replay'), parse('replay', 'x', '--help')])
      expect(line.kind === 'help' && line.command?.name).toBe('replay');
    expect(parse('--version')).toEqual({ kind: 'version' });
  });

  it('whatever it is, is understood or answered with a UsageError that says what to do', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'replay',
        'send',
        'dead-letters',
        'list',
        'keys',
        'help',
        '--json',
        '--size',
        '-h',
        '--',
        '-',
        '=',
        '--=x',
        '-xyz',
      ),
      fc.string(),
      fc.constantFrom('__proto__', 'constructor', '--constructor', '--__proto__=1', '--toString'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        try {
          expect(['run', 'help', 'version']).toContain(parseCommandLine(argv, COMMANDS).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).exitCode).toBe(2);
          expect((error as UsageError).remedy).not.toBe('');
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('What is said to be typed', () => {
  it('can be copied: it runs where nothing is installed', () => {
    const remedies = [usage('xylophone'), usage('replay', 'x', '--xylophone', '1'), usage('replay')];
    for (const { remedy } of remedies) expect(remedy).toMatch(/`npm run --silent alperf -- help( replay)?`/);
    for (const text of [overview(COMMANDS), commandHelp(COMMANDS[0]!)])
      expect(text).toMatch(/^Usage: npm run --silent alperf -- /);
  });

  it('is so in every message of every program', () => {
    const root = join(import.meta.dirname, '..', '..', '..', '..');
    const names = [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!)), 'help'];
    const bare = new RegExp(`\\balperf (${names.join('|')})\\b`);
    const sources = ['apps', 'libs', 'dashboards/web/src'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => /(?<!\.spec)\.tsx?$/.test(path) && !path.includes('node_modules'))
        .map((path) => join(root, folder, path)),
    );
    expect(sources.length).toBeGreaterThan(100);
    const wrong = sources.flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => bare.test(line) && !/^\s*(\*|\/\*\*|\/\/)/.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('Help', () => {
  it('lists every command and every exit code', () => {
    const text = overview(COMMANDS);
    for (const { name, summary } of COMMANDS) expect(text).toMatch(new RegExp(`${name} +${summary.slice(0, 20)}`));
    for (const code of ['0', '1', '2', '3', '4', '5', '130']) expect(text).toMatch(new RegExp(`^ +${code} +\\w`, 'm'));
  });

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    'of %s shows options and examples that parse',
    (name, command) => {
      const text = commandHelp(command);
      for (const option of ['json', 'help', ...Object.keys(command.options)]) expect(text).toContain(`--${option}`);
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) {
        const words = example
          .replace(/ <.*$/, '')
          .match(/"[^"]*"|\S+/g)!
          .map((one) => one.replaceAll('"', ''));
        const line = parseCommandLine(words, COMMANDS);
        expect(line.kind === 'run' && line.command.name).toBe(name);
      }
    },
  );
});
