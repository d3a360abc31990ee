import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkBatch } from '#libs/contracts';
import { aBatch } from '#libs/contracts/testing';
import { createTelemetry as createInPage } from './browser/create.js';
import { creationProblems } from './creation.js';
import { createTelemetry as createInNode } from './node/create.js';

const GOOD = { service: 'reader', version: '1.4.0', endpoint: 'http://127.0.0.1:8080' };

describe('Creating telemetry', () => {
  it.each([
    ['Node', createInNode],
    ['a page', createInPage],
  ])('in %s refuses everything that cannot work at once, and says all of it', (_, create) => {
    const wrong = { service: '', endpoint: 'ftp://x', windowMs: 5_000 } as never;
    expect(() => create(wrong)).toThrow(TypeError);
    expect(() => create(wrong)).toThrow(
      'Telemetry cannot be created: service is missing; give one such as "catalogue"; ' +
        'version is missing; give one such as "1.4.0"; ' +
        'the collector\'s endpoint "ftp://x" is not one of HTTP or HTTPS; give one such as http://127.0.0.1:8080; ' +
        'windowMs is 5000; take 1000 or 10000.',
    );
  });

  it.each([
    ['Node', createInNode],
    ['a page', createInPage],
  ])('in %s refuses numbers with which nothing would be sent, or all the time, each with its range', (_, create) => {
    const wrong = {
      timeoutMs: -1,
      flushIntervalMs: 0,
      heartbeatMs: Infinity,
      maxBatchEvents: 10_001,
      maxBatchBytes: NaN,
      maxBufferBytes: '1000000' as never,
      spool: { directory: 'never-made', maxBytes: 0, segmentBytes: -5 },
    };
    expect(() => create({ ...GOOD, ...wrong })).toThrow(
      'Telemetry cannot be created: timeoutMs is -1; take a number from 1 to 2147483647; ' +
        'flushIntervalMs is 0; take a number from 1 to 2147483647; ' +
        'heartbeatMs is Infinity; take a number from 1 to 2147483647; ' +
        'maxBatchEvents is 10001; take a number from 1 to 10000; ' +
        'maxBatchBytes is NaN; take a number from 1000 to 1000000; ' +
        'maxBufferBytes is "1000000"; take a number from 10000 to 9007199254740991; ' +
        'spool.maxBytes is 0; take a number from 10000 to 9007199254740991; ' +
        'spool.segmentBytes is -5; take a number from 1 to 9007199254740991.',
    );
  });

  it('takes numbers up to both ends of their ranges', () => {
    const least = { timeoutMs: 1, flushIntervalMs: 1, heartbeatMs: 1, maxBatchEvents: 1, maxBatchBytes: 1_000 };
    expect(creationProblems({ ...GOOD, ...least, maxBufferBytes: 10_000, spool: 'somewhere' })).toEqual([]);
    expect(creationProblems({ ...GOOD, maxBatchEvents: 10_000, maxBatchBytes: 1_000_000 })).toEqual([]);
  });

  it('in Node refuses a compression that there is not, in place of sending without', () => {
    expect(() => createInNode({ ...GOOD, compression: 'zst' as never })).toThrow(
      'compression is "zst"; take zstd, gzip, none.',
    );
  });

  it('takes what is right, in a page also an endpoint on its own host', () => {
    expect(creationProblems({ ...GOOD, platform: 'linux', windowMs: 10_000 })).toEqual([]);
    expect(creationProblems({ ...GOOD, endpoint: '/collect' }, { base: 'https://library.example/a/' })).toEqual([]);
    expect(creationProblems({ ...GOOD, endpoint: '/collect' })).toHaveLength(1);
    expect(creationProblems({ ...GOOD, endpoint: undefined })).toEqual([
      expect.stringContaining('endpoint is missing'),
    ]);
  });

  it('takes the names that contracts take, and no others', () => {
    const names = fc.oneof(
      fc.string({ maxLength: 130 }),
      fc.stringMatching(/^[A-Za-z0-9_.:/ -]{1,130}$/),
      fc.constantFrom('', 'a', 'a'.repeat(128), 'a'.repeat(129), ' a', 'a\n', 'é'),
    );
    fc.assert(
      fc.property(names, (service) => {
        const batch = aBatch();
        const taken = checkBatch({ ...batch, emitter: { ...batch.emitter, service } });
        expect([service, creationProblems({ ...GOOD, service }).length === 0]).toEqual([service, taken.ok]);
      }),
    );
  });
});
