import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRecordKey, encodeRecordKey } from './record-keys.js';

const scope = fc.string({ minLength: 1 }).filter((text) => !text.includes('\n'));

describe('Record keys of the state topic', () => {
  it('come back as they were written, whatever the key holds', () => {
    fc.assert(
      fc.property(scope, fc.string({ unit: 'binary' }), (scope, key) => {
        const entry = { kind: 'entry', scope, key } as const;
        const epoch = { kind: 'epoch', scope } as const;
        expect(decodeRecordKey(encodeRecordKey(entry))).toEqual(entry);
        expect(decodeRecordKey(encodeRecordKey(epoch))).toEqual(epoch);
      }),
    );
  });

  it('are never the same for two different entries', () => {
    fc.assert(
      fc.property(scope, fc.string(), scope, fc.string(), (scopeA, keyA, scopeB, keyB) => {
        fc.pre(scopeA !== scopeB || keyA !== keyB);
        expect(encodeRecordKey({ kind: 'entry', scope: scopeA, key: keyA })).not.toBe(
          encodeRecordKey({ kind: 'entry', scope: scopeB, key: keyB }),
        );
      }),
    );
  });

  it('are passed over when a newer version wrote them', () => {
    for (const text of ['', 'epoch', 'epoch\n', 'entry\nscope', 'epoch\nscope\nmore', 'lease\nscope\nkey'])
      expect(decodeRecordKey(text)).toBeUndefined();
  });

  it('refuse a scope that could be mistaken for another', () => {
    expect(() => encodeRecordKey({ kind: 'epoch', scope: 'a\nb' })).toThrow(RangeError);
    expect(() => encodeRecordKey({ kind: 'epoch', scope: '' })).toThrow(RangeError);
  });
});
