import { describe, expect, it } from '@jest/globals';
import { FRESH, PartitionState } from '../progress/partition-state.js';
import { isOver } from './due.js';

const END = 1_000;

/** A partition whose one emitter, when it has one, has closed its windows through a time, s since 1970. */
function aPartition(closedThrough?: number): PartitionState {
  const state = new PartitionState(0, FRESH, 0);
  if (closedThrough !== undefined) state.tracker.heard('a', closedThrough * 1_000, closedThrough * 1_000, 0);
  state.tracker.advance(0);
  return state;
}

describe('A touched bucket', () => {
  it('is over when its partition is past its end', () => {
    const [before, after] = [aPartition(END - 1), aPartition(END)];
    expect(isOver('10s', END, before, [before], 0)).toBe(false);
    expect(isOver('10s', END, after, [after], 0)).toBe(true);
  });

  it('is not over while another partition in which something flows has not come as far', () => {
    const own = aPartition(END);
    const waiting = aPartition();
    waiting.waiting = 1;
    expect(isOver('10s', END, own, [own, aPartition(END + 5)], 0)).toBe(true);
    expect(isOver('10s', END, own, [own, aPartition(END - 1)], 0)).toBe(false);
    expect(isOver('10s', END, own, [own, waiting], 0)).toBe(false);
  });

  it('waits for no partition in which nothing flows', () => {
    const own = aPartition(END);
    expect(isOver('10s', END, own, [own, aPartition()], 0)).toBe(true);
    const silent = aPartition(END - 1);
    silent.tracker.advance(60_000);
    expect(isOver('10s', END, own, [own, silent], 0)).toBe(true);
  });

  it('is over in a partition that has fallen silent before its end', () => {
    const own = aPartition(END - 5);
    expect(isOver('10s', END, own, [own], 60_000)).toBe(true);
  });

  it('is over above 10 s when the level below is settled past its end', () => {
    const own = aPartition(END * 10);
    expect(isOver('1m', END, own, [own], 0)).toBe(false);
    own.settled = { '10s': END, '1m': 0, '1h': 0 };
    expect(isOver('1m', END, own, [own], 0)).toBe(true);
    expect(isOver('1h', END, own, [own], 0)).toBe(false);
  });
});
