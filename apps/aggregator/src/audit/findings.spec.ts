import { describe, expect, it } from '@jest/globals';
import { confirmed, Findings, NOTHING_FOUND } from './findings.js';

const lost = (n: number) => ({ checked: 10, lost: n, duplicated: 0 });

describe('Findings', () => {
  it('looks at new chunks first, then at all by rotation', () => {
    const findings = new Findings();
    const seen: number[] = [];
    for (const chunks of [
      [1, 2],
      [1, 2],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ]) {
      const chunk = findings.next(chunks)!;
      seen.push(chunk);
      findings.set(chunk, NOTHING_FOUND);
    }
    expect(seen).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect(findings.fullRounds).toBe(1);
  });

  it('keeps what an old chunk showed until that chunk is looked at again', () => {
    const findings = new Findings();
    findings.set(1, lost(3));
    findings.set(2, lost(0));
    expect(findings.total).toEqual({ checked: 20, lost: 3, duplicated: 0 });
    findings.set(1, lost(0));
    expect(findings.total.lost).toBe(0);
  });

  it('forgets chunks that are gone, and has none to look at when there are none', () => {
    const findings = new Findings();
    findings.set(1, lost(3));
    findings.keep([2]);
    expect(findings.total).toEqual(NOTHING_FOUND);
    expect(findings.next([])).toBeUndefined();
  });

  it('believes only what two looks agree on', () => {
    expect(confirmed({ checked: 9, lost: 5, duplicated: 1 }, { checked: 10, lost: 2, duplicated: 3 })).toEqual({
      checked: 10,
      lost: 2,
      duplicated: 1,
    });
  });
});
