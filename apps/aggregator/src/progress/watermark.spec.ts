import { describe, expect, it } from '@jest/globals';
import { SILENT_AFTER_MS, WatermarkTracker } from './watermark.js';

describe('WatermarkTracker', () => {
  it('is the least of what its emitters have closed', () => {
    const tracker = new WatermarkTracker(0, 0);
    tracker.heard('a', 100_000, 90_000, 0);
    tracker.heard('b', 100_000, 80_000, 0);
    expect(tracker.advance(0)).toBe(80_000);
  });

  it('is not closed by one fast clock: an emitter counts up to the accept time at most', () => {
    const tracker = new WatermarkTracker(0, 0);
    tracker.heard('fast', 100_000, 9_000_000, 0);
    expect(tracker.advance(0)).toBe(100_000);
  });

  it('is not held up by an emitter that fell silent, by accept times or by this clock', () => {
    const byAccept = new WatermarkTracker(0, 0);
    byAccept.heard('gone', 100_000, 50_000, 0);
    byAccept.heard('here', 100_001 + SILENT_AFTER_MS, 100_000, 1);
    expect(byAccept.advance(1)).toBe(100_000);
    const byClock = new WatermarkTracker(0, 0);
    byClock.heard('gone', 100_000, 50_000, 0);
    byClock.heard('here', 100_001, 100_000, SILENT_AFTER_MS);
    expect(byClock.advance(SILENT_AFTER_MS + 1)).toBe(100_000);
  });

  it('never goes back, also when an emitter with older windows comes back', () => {
    const tracker = new WatermarkTracker(70_000, 0);
    tracker.heard('laptop', 100_000, 10_000, 0);
    expect(tracker.advance(0)).toBe(70_000);
  });

  it('is silent only when it could have been heard for long enough', () => {
    const tracker = new WatermarkTracker(0, 500);
    expect(tracker.idle(500 + SILENT_AFTER_MS)).toBe(false);
    expect(tracker.idle(501 + SILENT_AFTER_MS)).toBe(true);
    expect(tracker.passed(501 + SILENT_AFTER_MS)).toBeUndefined();
    tracker.heard('a', 100_000, 90_000, 40_000);
    expect(tracker.idle(40_000)).toBe(false);
    expect(tracker.passed(45_000)).toBe(105_000 - SILENT_AFTER_MS);
  });
});
