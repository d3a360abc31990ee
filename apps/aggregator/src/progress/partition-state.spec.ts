import { describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '#libs/time';
import { MarkBook, type Mark } from '../recount/mark-book.js';
import { FRESH, PartitionState, type Restored } from './partition-state.js';
import type { Settled } from './settled.js';
import { SILENT_AFTER_MS } from './watermark.js';

it('A partition is silent when nobody is heard, and idle only once its last bucket has been recounted', () => {
  const mark: Mark = {
    level: '10s',
    rollup: 'cache',
    service: 's',
    subject: 'c',
    bucketEnd: 100,
    partition: 0,
    touch: '1',
  };
  const marks = new MarkBook();
  marks.add([mark], 0);
  const state = new PartitionState(0, FRESH, 0);
  state.tracker.heard('a', 100_000, 95_000, 0);
  const at = (monotonicMs: number) => {
    state.advance(marks, monotonicMs, 100_000 + monotonicMs, undefined);
    return { silent: state.silent, idle: state.idle, watermark: state.tracker.watermark };
  };
  expect(at(SILENT_AFTER_MS)).toEqual({ silent: false, idle: false, watermark: 95_000 });
  expect(at(SILENT_AFTER_MS + 1)).toEqual({ silent: true, idle: false, watermark: 95_000 });
  marks.done(marks.take('10s', 'cache', () => true, 1));
  expect(at(SILENT_AFTER_MS + 2)).toEqual({ silent: true, idle: true, watermark: 95_000 });
  state.tracker.heard('a', 140_000, 139_000, SILENT_AFTER_MS + 3);
  expect(at(SILENT_AFTER_MS + 3)).toEqual({ silent: false, idle: false, watermark: 139_000 });
});

it('A partition is not silent while a batch of it waits to be written, however long that takes', () => {
  const state = new PartitionState(0, FRESH, 0);
  state.waiting = 1;
  state.advance(new MarkBook(), 10 * SILENT_AFTER_MS, HOUR_MS, undefined);
  expect(state).toMatchObject({ silent: false, idle: false });
});

describe('A partition that is taken over', () => {
  /** Half past an hour, s since 1970: the hour's mark stays open for a while yet. */
  const HALF_PAST = 1_800_001_800;
  const settled: Settled = { '10s': HALF_PAST, '1m': HALF_PAST, '1h': HALF_PAST - 1_800 };
  const left: Restored = {
    watermark: (HALF_PAST - 600) * 1_000,
    settled,
    revision: 7n,
    silent: true,
    idle: false,
  };
  const hour: Mark = {
    level: '1h',
    rollup: 'cache',
    service: 's',
    subject: 'c',
    bucketEnd: HALF_PAST + 1_800,
    partition: 0,
    touch: '1',
  };
  const ASSIGNED = 5_000;
  const takenOver = (restored: Restored, ...open: Mark[]) => {
    const marks = new MarkBook();
    marks.addFound(open, ASSIGNED);
    const state = new PartitionState(0, restored, ASSIGNED);
    return {
      state,
      after: (ms: number, passed?: number) => {
        state.advance(marks, ASSIGNED + ms, (HALF_PAST + 3_600) * 1_000, passed);
        const { silent, idle } = state;
        return { silent, idle, settled: state.settled['10s'] - HALF_PAST };
      },
    };
  };

  it('silent is silent at once, and goes on with the time, also while the mark of its hour is open', () => {
    const { state, after } = takenOver(left, hour);
    expect(state).toMatchObject({ silent: true, idle: false, settled });
    expect(after(0)).toEqual({ silent: true, idle: false, settled: 0 });
    expect(after(60_000)).toEqual({ silent: true, idle: false, settled: 60 });
  });

  it('silent passes what the collectors are known to have passed while nobody owned it', () => {
    const { after } = takenOver(left, hour);
    expect(after(1_000, (HALF_PAST + 900) * 1_000)).toEqual({ silent: true, idle: false, settled: 900 });
  });

  it('after a long time in which nobody owned it is two hours behind the clock at most', () => {
    const long = { ...settled, '10s': HALF_PAST - 86_400, '1m': HALF_PAST - 86_400, '1h': HALF_PAST - 86_400 - 1_800 };
    expect(takenOver({ ...left, watermark: 0, settled: long }).after(0)).toMatchObject({ settled: -3_600 });
  });

  it('idle is idle at once, before anything moves on', () => {
    const { state, after } = takenOver({ ...left, idle: true });
    expect(state).toMatchObject({ silent: true, idle: true });
    expect(after(0)).toMatchObject({ silent: true, idle: true });
  });

  it('while an emitter was heard is waited for as long as emitters are, and then goes on from where it was', () => {
    const { state, after } = takenOver({ ...left, watermark: HALF_PAST * 1_000, silent: false }, hour);
    expect(state).toMatchObject({ silent: false, idle: false });
    expect(after(SILENT_AFTER_MS)).toEqual({ silent: false, idle: false, settled: 0 });
    expect(after(SILENT_AFTER_MS + 60_000)).toEqual({ silent: true, idle: false, settled: 60 });
  });

  it('goes by its emitters as soon as one is heard', () => {
    const { state, after } = takenOver(left, hour);
    state.tracker.heard('a', (HALF_PAST + 100) * 1_000, (HALF_PAST + 90) * 1_000, ASSIGNED);
    expect(after(1_000)).toEqual({ silent: false, idle: false, settled: 90 });
    expect(after(1_000 + SILENT_AFTER_MS)).toMatchObject({ silent: true });
  });
});
