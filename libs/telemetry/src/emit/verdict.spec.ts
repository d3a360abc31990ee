import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Accepted } from '#libs/contracts';
import { judge, retryAfterMs } from './verdict.js';

const NOW = Date.UTC(2026, 10, 24, 12);

describe('The verdict on an answer', () => {
  it.each([
    [202, 'accepted'],
    // Not a collector: a captive portal, or a page server that answers everything.
    [200, 'unauthorized'],
    [204, 'unauthorized'],
    [400, 'refused'],
    [415, 'refused'],
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [404, 'unauthorized'],
    [413, 'split'],
    [408, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
    [302, 'retry'],
  ])('of status %d is: %s', (status, kind) => {
    expect(judge({ status, body: '' }, NOW, 1).kind).toBe(kind);
  });

  it('counts what was rejected and keeps the first reason', () => {
    const body = JSON.stringify({
      accepted: 1,
      rejected: [{ index: 1, pointer: '/events/1/end', reason: 'too late' }],
    });
    expect(judge({ status: 202, body }, NOW, 2)).toEqual({
      kind: 'accepted',
      rejected: 1,
      reason: '/events/1/end: too late',
    });
  });

  it('counts what was rejected in an answer of which only the beginning was kept, wherever it was cut', () => {
    const rejected = Array.from({ length: 20 }, (_, index) => ({
      index: index * 2,
      pointer: `/events/${index * 2}/labels/a~1"b`,
      reason: `too "long" \\ ${'é'.repeat(30)}`,
    }));
    const answer: Accepted = { accepted: 480, rejected, unknownFields: 0, capped: 0 };
    const body = JSON.stringify(answer);
    const whole = judge({ status: 202, body }, NOW, 500);
    expect(whole).toMatchObject({ rejected: 20 });
    for (let length = '{"accepted":480,"rejected":['.length; length < body.length; length++)
      expect(judge({ status: 202, body: body.slice(0, length) }, NOW, 500)).toMatchObject({
        kind: 'accepted',
        rejected: 20,
        ...(length > 300 && { reason: expect.stringContaining('/events/0/labels/') }),
      });
  });

  it('never fails, whatever the body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        expect(judge({ status, body, retryAfter: body }, NOW, 1).kind).toBeTruthy();
      }),
    );
  });
});

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    [' 120 ', 120_000],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['soon', 0],
    ['-5', 0],
    [undefined, 0],
    ['999999999', 3_600_000],
  ])('%p asks for %d ms', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});
