import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lettersOfLine, mendedLetter } from './mended-letters.js';

const LETTER = {
  instance: '5f0c0f7e-6f1e-4f5e-9d5a-0a8f5a0c7b11',
  sequence: '42',
  idx: 7,
  service: 'catalogue',
  accepted_at: '2026-11-24 10:00:00.123',
  event: '{"kind":"metric"}',
};

describe('A line of mended dead letters', () => {
  it('is one letter, or the document that the commands print', () => {
    expect(lettersOfLine(JSON.stringify(LETTER))).toEqual([LETTER]);
    expect(lettersOfLine(JSON.stringify({ deadLetters: [LETTER, LETTER] }))).toEqual([LETTER, LETTER]);
    expect(lettersOfLine('[1]')).toBeUndefined();
    expect(lettersOfLine('{"deadLetters":[null]}')).toBeUndefined();
    expect(lettersOfLine('{')).toBeUndefined();
  });

  it('keeps identity and accept time; the event may be text or JSON', () => {
    const mended = {
      emitter: { service: 'catalogue', instance: LETTER.instance, version: 'unknown' },
      sequence: 42,
      index: 7,
      originalAcceptedAt: Date.UTC(2026, 10, 24, 10, 0, 0, 123),
      event: { kind: 'metric' },
    };
    expect(mendedLetter(LETTER)).toEqual(mended);
    expect(mendedLetter({ ...LETTER, event: { kind: 'metric' } })).toEqual(mended);
    expect(mendedLetter({ ...LETTER, version: '1.2' })).toMatchObject({ emitter: { version: '1.2' } });
  });

  it('says why a letter cannot be replayed', () => {
    expect(mendedLetter({ ...LETTER, instance: '00000000-0000-0000-0000-000000000000' })).toContain('no identity');
    expect(mendedLetter({ ...LETTER, cause: 'conflict' })).toContain('another batch');
    expect(mendedLetter({ ...LETTER, event: '' })).toContain('too large');
    for (const event of ['5', 'null', '""', '[]']) expect(mendedLetter({ ...LETTER, event })).toContain('no object');
    expect(mendedLetter({ ...LETTER, event: '{"kind":' })).toContain('not JSON');
    expect(mendedLetter({ ...LETTER, event: '{"kind":"","ok":""}' })).toContain('kind was none that is known');
    expect(mendedLetter({ ...LETTER, sequence: '-1' })).toContain('"sequence"');
    expect(mendedLetter({ ...LETTER, accepted_at: 'yesterday' })).toContain('"accepted_at"');
  });

  it('is never more than a reason, whatever it holds', () => {
    const values = fc.option(fc.jsonValue(), { nil: undefined });
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(LETTER)), values), fc.string(), (over, line) => {
        const read = mendedLetter({ ...LETTER, ...over });
        expect(['string', 'object']).toContain(typeof read);
        lettersOfLine(line);
      }),
    );
  });
});
