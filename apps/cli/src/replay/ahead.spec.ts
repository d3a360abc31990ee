import { describe, expect, it } from '@jest/globals';
import { mostAhead } from './ahead.js';

describe('A replay', () => {
  it('is ahead of a tier by what hardly makes that larger', () => {
    const held = [0, 19, 20, 100, 320, 1_599, 1_700, 100_000, 1e9];
    expect(held.map(mostAhead)).toEqual([0, 0, 1, 5, 16, 16, 17, 1_000, 2_048]);
  });
});
