import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '#libs/contracts';
import { createLogger } from './pino-logger.js';
import { shortLine } from './short-line.js';

function logger(format: 'json' | 'short', level: 'debug' | 'info' | 'silent' = 'info') {
  const lines: string[] = [];
  return {
    log: createLogger({ app: 'api', level, format, destination: { write: (line) => lines.push(line) } }),
    lines,
  };
}

describe('createLogger', () => {
  it('writes a JSON object per line: constant message, fields as values', () => {
    const { log, lines } = logger('json');
    log.with({ partition: 3 }).warn('Batch rejected.', { rows: 5, offset: 12n });
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      app: 'api',
      partition: 3,
      rows: 5,
      offset: '12',
      message: 'Batch rejected.',
    });
  });

  it('writes each field once, as the innermost logger has it', () => {
    const { log, lines } = logger('json');
    log.with({ app: 'aggregator', partition: 3 }).with({ partition: 4 }).info('Told.');
    expect(lines[0]!.match(/"app":|"partition":/g)).toEqual(['"app":', '"partition":']);
    expect(JSON.parse(lines[0]!)).toMatchObject({ app: 'aggregator', partition: 4 });
  });

  it('writes errors with code, stack and causes', () => {
    const { log, lines } = logger('json');
    const error = new PipelineError('LOG_FULL', 'full', true, { cause: new Error('disk') });
    log.error('Append failed.', { error });
    expect(JSON.parse(lines[0]!).error).toMatchObject({
      type: 'PipelineError',
      code: 'LOG_FULL',
      message: 'full',
      stack: expect.stringContaining('logger.spec'),
      cause: { message: 'disk' },
    });
  });

  it('leaves out what is less severe than its level', () => {
    const { log, lines } = logger('json');
    log.debug('Not told.');
    log.info('Told.');
    expect(lines).toHaveLength(1);
    const silent = logger('json', 'silent');
    silent.log.error('Not told.');
    expect(silent.lines).toEqual([]);
  });

  it('writes short lines for people', () => {
    const { log, lines } = logger('short');
    log.info('Collector listens.', { bind: '127.0.0.1', why: 'two words', n: 4 });
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}Collector listens\. bind=127\.0\.0\.1 why="two words" n=4\n$/);
  });
});

describe('shortLine', () => {
  it('passes on what is not JSON', () => {
    expect(shortLine('hello\n')).toBe('hello\n');
  });
});
