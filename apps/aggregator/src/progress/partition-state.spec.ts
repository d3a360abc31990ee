import { expect, it } from '@jest/globals';
import { MarkBook, type Mark } from '../recount/mark-book.js';
import { PartitionState } from './partition-state.js';
import { NOTHING_SETTLED } from './settled.js';
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
  const state = new PartitionState(0, { watermark: 0, settled: NOTHING_SETTLED, revision: 0n }, 0);
  state.tracker.heard('a', 100_000, 95_000, 0);
  const at = (monotonicMs: number) => {
    state.advance(marks, monotonicMs, 100_000 + monotonicMs);
    return { silent: state.silent, idle: state.idle, watermark: state.tracker.watermark };
  };
  expect(at(SILENT_AFTER_MS)).toEqual({ silent: false, idle: false, watermark: 95_000 });
  expect(at(SILENT_AFTER_MS + 1)).toEqual({ silent: true, idle: false, watermark: 95_000 });
  marks.done(marks.take('10s', 'cache', () => true, 1));
  expect(at(SILENT_AFTER_MS + 2)).toEqual({ silent: true, idle: true, watermark: 95_000 });
  state.tracker.heard('a', 140_000, 139_000, SILENT_AFTER_MS + 3);
  expect(at(SILENT_AFTER_MS + 3)).toEqual({ silent: false, idle: false, watermark: 139_000 });
});
