import type * as Jest from '@jest/globals';
import { redisMissing, startRedis, type RedisServer, type RedisServerOptions } from './server.js';

// Jest's own names as globals, as in ../kafka/describe.ts.
const jest = globalThis as unknown as typeof Jest;

/**
 * `describe` with a real Redis server of its own: a missing one fails in CI (`CI=true` or `ALPERF_REQUIRE_ALL=1`); elsewhere
 * it leaves a skipped test whose name says why, how many tests that leaves out, and what to install.
 */
export function describeWithRedis(
  name: string,
  count: number,
  tests: (server: () => RedisServer) => void,
  options: RedisServerOptions = {},
): void {
  const missing = redisMissing();
  jest.describe(name, () => {
    if (missing !== undefined) return standIn(missing, count);
    let server: RedisServer | undefined;
    jest.beforeAll(async () => void (server = await startRedis(options)), 30_000);
    jest.afterAll(async () => server?.stop(), 30_000);
    tests(() => {
      if (server === undefined) throw new Error('The server is there only while tests run.');
      return server;
    });
  });
}

function standIn(missing: string, count: number): void {
  if (process.env['CI'] === 'true' || process.env['ALPERF_REQUIRE_ALL'] === '1')
    jest.it('runs against a real Redis server', () => {
      throw new Error(missing);
    });
  else jest.it.skip(`needs a real Redis server for ${count} tests: ${missing}`, () => undefined);
}
