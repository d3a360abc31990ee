import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MAX_REJECTED_EVENT_BYTES } from '#libs/contracts';
import { aCacheWindow, aMetric, anyEvent } from '#libs/contracts/testing';
import { nearRetention } from './lag-check.js';
import { redactedEvent } from './redact.js';

const redacted = (event: unknown): unknown => JSON.parse(redactedEvent(event)!);

describe('redactedEvent', () => {
  it('keeps a valid event whole, so that a late one can be replayed', () => {
    fc.assert(
      fc.property(anyEvent(), (event) => {
        const text = redactedEvent(event);
        if (text !== undefined) expect(text).toBe(JSON.stringify(event));
        else expect(JSON.stringify(event).length).toBeGreaterThan(MAX_REJECTED_EVENT_BYTES / 4);
      }),
    );
  });

  it('blanks texts of fields that are invalid or unknown, at every depth', () => {
    const event = {
      ...aCacheWindow(),
      cache: 'Ada’s books',
      mood: { note: 'private', list: ['private', 7, null, true] },
      requests: { hit: 1, who: 'private' },
    };
    expect(redacted(event)).toEqual({
      ...aCacheWindow(),
      cache: '',
      mood: { note: '', list: ['', 7, null, true] },
      requests: { hit: 1, who: '' },
    });
  });

  it('blanks everything of an unknown kind, and leaves out names that look like data', () => {
    expect(redacted({ kind: 'private', 'Ada Lovelace': 1, ok: 'private' })).toEqual({ kind: '', ok: '' });
    expect(redacted({ ...aMetric(), labels: { 'not a label': 'x', route: 'y' } })).toMatchObject({
      labels: { route: '' },
    });
  });

  it('keeps a word of the contract that was mistyped, with what its kind allows, and no other word', () => {
    const event = aMetric();
    expect(redacted({ ...event, kind: 'metrics', who: 'private' })).toEqual({ ...event, kind: 'metrics', who: '' });
    expect(redacted({ ...aCacheWindow(), kind: 'cahe.window' })).toEqual({ ...aCacheWindow(), kind: 'cahe.window' });
    expect(redacted({ ...event, type: 'count' })).toEqual({ ...event, type: 'count' });
    for (const word of ['private', 'ada', 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3', 'counter of Ada'])
      expect(redacted({ ...event, type: word })).toEqual({ ...event, type: '' });
    // Of a field that takes any text, none is near.
    expect(redacted({ ...event, name: 'metric!' })).toEqual({ ...event, name: '' });
  });

  it('never throws, never grows over its bound, and keeps no text of what it does not know', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = redactedEvent({ kind: 'who knows', value });
        if (text === undefined) return;
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_REJECTED_EVENT_BYTES);
        expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
    );
    const deep: unknown = JSON.parse('['.repeat(50_000) + '"private"' + ']'.repeat(50_000));
    expect(redactedEvent(deep)).not.toContain('private');
    expect(redactedEvent({ ...aMetric(), labels: deep })).not.toContain('private');
    expect(redactedEvent(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, 'x'])))).not.toContain(
      '"x"',
    );
  });
});

describe('nearRetention', () => {
  const range = (earliest: bigint, next: bigint) => [{ partition: 0, earliest, next }];
  const at = (offset: bigint) => [{ partition: 0, offset, metadata: '' }];
  it.each([
    ['nothing was cut yet', range(0n, 1_000n), at(0n), false],
    ['everything is read', range(900n, 1_000n), at(1_000n), false],
    ['the readers are in the middle', range(100n, 1_000n), at(500n), false],
    ['the readers are in the oldest tenth', range(100n, 1_000n), at(150n), true],
    ['the readers were overtaken', range(100n, 1_000n), at(50n), true],
    ['nobody has read yet and the log is being cut', range(100n, 1_000n), [], true],
    ['the log is empty', range(0n, 0n), [], false],
  ])('when %s', (_, ranges, committed, near) => {
    expect(nearRetention(ranges, committed) !== undefined).toBe(near);
  });
});
