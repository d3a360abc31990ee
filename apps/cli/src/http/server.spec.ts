import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AskedServer } from '../testing/asked-server.js';
import { Server } from './server.js';

describe('Where the server is', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'alperf-server-'));
    writeFileSync(join(cwd, 'alperf.yaml'), 'endpoint: http://file.example:1234\nkey: of-the-file\n');
    writeFileSync(join(cwd, 'port.yaml'), 'httpPort: 9999\n');
  });
  afterAll(() => rmSync(cwd, { recursive: true }));

  const server = (flags: Record<string, string>, env: Record<string, string>) =>
    new Server({ text: (name) => flags[name] }, { env, cwd, signal: new AbortController().signal });

  it('is said by the option, else the environment, else the settings file, else by default', () => {
    const env = { ALPERF_ENDPOINT: 'http://env.example', ALPERF_KEY: 'of-the-environment' };
    expect(server({ endpoint: 'http://flag.example/', key: 'of-the-option' }, env)).toMatchObject({
      endpoint: 'http://flag.example',
      key: 'of-the-option',
    });
    expect(server({}, env)).toMatchObject({ endpoint: 'http://env.example', key: 'of-the-environment' });
    // Set to nothing is not set.
    expect(server({}, { ALPERF_ENDPOINT: '' })).toMatchObject({
      endpoint: 'http://file.example:1234',
      key: 'of-the-file',
    });
    expect(server({}, { ALPERF_CONFIG: 'port.yaml' }).endpoint).toBe('http://127.0.0.1:9999');
    expect(server({}, { ALPERF_CONFIG: 'port.yaml', ALPERF_HTTP_PORT: '7777' }).endpoint).toBe('http://127.0.0.1:7777');
  });

  it('names what holds an address that is none', () => {
    expect(() => server({ endpoint: 'localhost' }, {})).toThrow(/^--endpoint is "localhost"/);
    expect(() => server({}, { ALPERF_ENDPOINT: 'localhost:8080' })).toThrow(/^ALPERF_ENDPOINT is/);
    expect(() => server({}, { ALPERF_ENPOINT: 'http://x' })).toThrow(/did you mean ALPERF_ENDPOINT/);
  });

  it.each([
    [
      401,
      { detail: 'This server needs a key.', remedy: 'Send the key as "Authorization: Bearer KEY".' },
      /does not tell where SQL is asked: the server answered 401: This server needs a key\./,
    ],
    [403, { detail: 'The key has no scope "read".' }, /answered 403: The key has no scope "read"\./],
    [404, {}, /does not tell where SQL is asked: it is not the API\./],
    [200, { sql: { port: null } }, /^The API at .* has no SQL port\./],
  ])('that does not tell its SQL port (%i) is not taken for another one there', async (status, body, message) => {
    const another = await AskedServer.start();
    const asked = await AskedServer.start({ '/v1/status': () => ({ status, body }) });
    try {
      const here = server({ endpoint: asked.url }, { ALPERF_SQL_PORT: new URL(another.url).port });
      await expect(here.query('SELECT 1')).rejects.toMatchObject({
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(/--key|--endpoint|--sql/),
      });
      expect([asked.asked.length, another.asked]).toEqual([1, []]);
    } finally {
      await asked.stop();
      await another.stop();
    }
  });
});
