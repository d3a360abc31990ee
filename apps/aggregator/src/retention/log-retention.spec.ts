import { describe, expect, it } from '@jest/globals';
import { aggregatorSettings } from '../config.js';
import { KEEP } from './keep.js';
import { logRetentionProblem } from './log-retention.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

describe('How long the log keeps records', () => {
  it.each([
    ['for ever', Infinity, DAY_MS],
    ['longer than batches are known', 15 * DAY_MS, 0],
    ['longer than that with its segments, as with the defaults of a broker', 7 * DAY_MS, 7 * DAY_MS],
  ])('is a problem when it is %s', (_, ms, slackMs) => {
    const problem = logRetentionProblem('alperf.events', { ms, slackMs, bytes: Infinity }, 48 * HOUR_MS);
    expect(problem).toMatch(/^alperf\.events keeps records for .*336 h.*retention\.ms=604800000/);
  });

  it.each(['144', '24', '288'])('is none with the setting at %s h, whole segments included', (text) => {
    const ms = aggregatorSettings.logRetentionHours.parse(text)! * HOUR_MS;
    expect(
      logRetentionProblem('alperf.events', { ms, slackMs: DAY_MS, bytes: Infinity }, 24 * HOUR_MS),
    ).toBeUndefined();
  });

  it('is a problem when it is less than the lateness allowed', () => {
    const kept = { ms: DAY_MS, slackMs: DAY_MS, bytes: Infinity };
    const problem = logRetentionProblem('alperf.events', kept, 48 * HOUR_MS);
    expect(problem).toMatch(/^alperf\.events keeps records for 24 h, less than the 48 h .*ALPERF_LOG_RETENTION_HOURS/);
  });

  it('has a setting that ends before batches are forgotten', () => {
    const { parse } = aggregatorSettings.logRetentionHours;
    expect(parse(String((KEEP.batches - DAY_MS) / HOUR_MS))).toBeUndefined();
  });
});

describe('The lateness allowed', () => {
  it('ends where what raw events feed would go before them', () => {
    const { parse } = aggregatorSettings.lateHours;
    const longest = (KEEP['10s'] - DAY_MS) / HOUR_MS;
    expect(parse(String(longest))).toBe(longest);
    expect(parse(String(longest + 1))).toBeUndefined();
  });
});
