import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrequencySketch } from './frequency-sketch.js';
import { expectSame } from './testing/expect-same.js';

describe('A frequency sketch', () => {
  it('never counts a key too low before the first halving, and no higher than 15', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { size: 'max', maxLength: 1_000 }), (keys) => {
        const sketch = new FrequencySketch();
        const exact = new Map<number, number>();
        for (const key of keys) {
          sketch.add(key);
          exact.set(key, (exact.get(key) ?? 0) + 1);
        }
        for (const [key, count] of exact) {
          const counted = sketch.of(key);
          expectSame(counted >= Math.min(15, count) && counted <= 15, true);
        }
      }),
    );
  });

  it('is nearly exact while it holds the keys that it was made for', () => {
    const sketch = new FrequencySketch();
    sketch.fit(10_000);
    for (let round = 0; round < 3; round++) for (let key = 0; key < 10_000; key++) sketch.add(key);
    const wrong = Array.from({ length: 10_000 }, (_, key) => sketch.of(key)).filter((count) => count !== 3).length;
    expect(wrong).toBeLessThan(100);
    expect(sketch.of(123_456_789)).toBeLessThan(3);
  });

  it('keeps its counts when it grows', () => {
    const sketch = new FrequencySketch();
    for (let key = 0; key < 60; key++) for (let times = 0; times <= key % 10; times++) sketch.add(key);
    const before = Array.from({ length: 60 }, (_, key) => sketch.of(key));
    sketch.fit(50_000);
    expect(Array.from({ length: 60 }, (_, key) => sketch.of(key))).toEqual(before);
    sketch.fit(10);
    expect(Array.from({ length: 60 }, (_, key) => sketch.of(key))).toEqual(before);
  });

  it('halves its counts after twenty additions per key, and forgets what is used no more', () => {
    const sketch = new FrequencySketch();
    for (let times = 0; times < 15; times++) sketch.add(1);
    // 64 keys: halved with the 1,280th addition, and gradually with those that follow.
    for (let i = 15; i < 1_279; i++) sketch.add(1_000 + (i % 40));
    expect(sketch.of(1)).toBe(15);
    for (let i = 0; i < 200; i++) sketch.add(1_000 + (i % 40));
    expect(sketch.of(1)).toBe(7);
    for (let i = 0; i < 4_000; i++) sketch.add(1_000 + (i % 40));
    expect(sketch.of(1)).toBeLessThan(2);
    sketch.clear();
    expect(sketch.of(1_000)).toBe(0);
  });
});
