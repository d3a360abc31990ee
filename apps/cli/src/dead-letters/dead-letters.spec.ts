import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alperf } from '../testing/alperf.js';
import { AskedServer } from '../testing/asked-server.js';

const INSTANCE = '5f0c0f7e-6f1e-4f5e-9d5a-0a8f5a0c7b11';
const letter = (sequence: number, idx: number, event: unknown = { kind: 'metric' }) => ({
  instance: INSTANCE,
  sequence,
  idx,
  service: 'catalogue',
  accepted_at: '2026-11-24 10:00:00.123',
  cause: 'rejected',
  event,
});

describe('The commands about dead letters', () => {
  let cwd: string;
  let server: AskedServer;
  let stored: string;
  beforeEach(async () => {
    stored = `${JSON.stringify({ ...letter(8, 1), cause: 'conflict' })}\n`;
    cwd = mkdtempSync(join(tmpdir(), 'alperf-letters-'));
    server = await AskedServer.start({
      '/v1/dead-letters/replay': () => ({
        status: 202,
        body: {
          accepted: 1,
          rejected: [{ index: 1, pointer: '/letters/1/event/bytes', reason: 'must be a whole number' }],
          unknownFields: 0,
          capped: 0,
        },
      }),
      // Statements, for letters out of the database.
      '/': () => ({ status: 200, body: stored }),
    });
  });
  afterEach(async () => {
    await server.stop();
    rmSync(cwd, { recursive: true });
  });

  const ask = (...args: string[]) =>
    alperf(['dead-letters', ...args, '--endpoint', server.url, '--sql', server.url], { cwd });

  it('say of each letter that was not taken which it is and where it stands, also of many in one document', async () => {
    const lines = [
      { deadLetters: [letter(3, 7), letter(3, 8), letter(4, 0, '')] },
      { ...letter(5, 1), instance: 'mistyped' },
    ].map((one) => JSON.stringify(one));
    writeFileSync(join(cwd, 'mended.ndjson'), `${lines[0]}\n\n${lines[1]}\n`);
    const { code, out } = await ask('replay', '--from', 'mended.ndjson', '--json');
    expect(code).toBe(5);
    expect(JSON.parse(out)).toEqual({
      letters: 4,
      accepted: 1,
      rejected: 3,
      rejections: [
        {
          instance: INSTANCE,
          sequence: 3,
          index: 8,
          line: 1,
          letter: 2,
          pointer: '/event/bytes',
          reason: 'must be a whole number',
        },
        {
          instance: INSTANCE,
          sequence: 4,
          index: 0,
          line: 1,
          letter: 3,
          pointer: '',
          reason: expect.stringContaining('too large to keep'),
        },
        {
          instance: null,
          sequence: 5,
          index: 1,
          line: 3,
          letter: 1,
          pointer: '',
          reason: expect.stringContaining('"instance"'),
        },
      ],
    });
    const text = (await ask('replay', '--from', 'mended.ndjson')).out.split('\n');
    expect(text[0]).toBe(`${INSTANCE}/3/8 (line 1, letter 2) at /event/bytes: must be a whole number`);
    expect(text[2]).toMatch(/^line 3, letter 1: "instance"/);
  });

  it('name a letter out of the database by its identity', async () => {
    const { out } = await ask('replay', '--cause', 'conflict');
    expect(out).toMatch(new RegExp(`^${INSTANCE}/8/1: another batch came first`));
    const { out: json } = await ask('replay', '--cause', 'conflict', '--json');
    expect(JSON.parse(json)).toMatchObject({
      rejections: [{ instance: INSTANCE, sequence: 8, line: null, letter: 1 }],
    });
  });

  it('say when no letter matches, and replay nothing', async () => {
    stored = '';
    expect(await ask('replay', '--service', 'nobody')).toMatchObject({
      code: 1,
      out: '',
      said: expect.stringContaining('No dead letter matches.'),
    });
    const { code, out } = await ask('replay', '--service', 'nobody', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([1, { error: { code: 'NOT_FOUND' } }]);
    expect(server.asked.map(({ path }) => path)).not.toContain('/v1/dead-letters/replay');
  });

  it.each(['list', 'replay'])('know the causes, so that %s asks nobody about another one', async (command) => {
    const { code, out } = await ask(command, '--cause', 'nope', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      error: { remedy: 'It can be: rejected, too_late, poison, conflict.' },
    });
    expect(server.asked).toEqual([]);
  });

  it.each(['', '\n', '{"deadLetters":[]}\n'])('take a file with %j for a mistake', async (text) => {
    writeFileSync(join(cwd, 'empty.ndjson'), text);
    const { code, out } = await ask('replay', '--from', 'empty.ndjson', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      2,
      { error: { code: 'EMPTY_INPUT', message: 'The file "empty.ndjson" holds no dead letter.' } },
    ]);
  });

  it('refuse a document that holds what is no letter', async () => {
    writeFileSync(join(cwd, 'odd.ndjson'), '{"deadLetters":[null]}\n');
    const { code, out } = await ask('replay', '--from', 'odd.ndjson', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([2, { error: { message: expect.stringContaining('Line 1') } }]);
  });
});
