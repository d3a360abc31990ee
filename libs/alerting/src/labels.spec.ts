import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintOf } from './labels.js';

describe('A fingerprint', () => {
  it('is that of Prometheus and Alertmanager', () => {
    // The two values of Prometheus' own test of it (common/model/signature_test.go).
    expect(BigInt(`0x${fingerprintOf({})}`)).toBe(14_695_981_039_346_656_037n);
    const labels = { name: 'garland, briggs', fear: 'love is not enough' };
    expect(BigInt(`0x${fingerprintOf(labels)}`)).toBe(5_799_056_148_416_392_346n);
  });

  it('does not depend on the order in which labels were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (labels) => {
        const reversed = Object.fromEntries(Object.entries(labels).toReversed());
        expect(fingerprintOf(reversed)).toBe(fingerprintOf(labels));
      }),
    );
  });

  it('tells apart where a name ends and its value begins', () => {
    expect(fingerprintOf({ a: 'bc' })).not.toBe(fingerprintOf({ ab: 'c' }));
    expect(fingerprintOf({ a: 'b' })).not.toBe(fingerprintOf({ a: 'b', c: '' }));
  });
});
