import { describe, expect, it } from '@jest/globals';
import { writeCommitMetadata } from '#libs/contracts';
import { pipelineSettings } from '#libs/operations';
import { TOO_OLD_MS } from '#libs/telemetry';
import { latenessProblem } from './lateness-check.js';

const HOUR_MS = 3_600_000;
const commit = (partition: number, metadata: string) => ({ partition, offset: 1n, metadata });
const says = (hours: number) => writeCommitMetadata({ watermark: 0, latenessMs: hours * HOUR_MS });

it('is at most what emitters keep batches for', () => {
  const hours = TOO_OLD_MS / 3_600_000;
  expect(pipelineSettings.lateHours.parse(String(hours))).toBe(hours);
  expect(pipelineSettings.lateHours.parse(String(hours + 1))).toBeUndefined();
});

describe('latenessProblem', () => {
  it('tells, with the setting, when an aggregator gives up sooner than events are let in', () => {
    const problem = latenessProblem(72 * HOUR_MS, [commit(0, says(72)), commit(3, says(48))]);
    expect(problem).toMatch(/72 h old.*partition 3.*48 h.*ALPERF_LATE_HOURS/);
  });

  it('is content when they agree, when the aggregator keeps more, and while it has said nothing', () => {
    const committed = [commit(0, says(48)), commit(1, says(144)), commit(2, '{"watermark":1}'), commit(3, 'not ours')];
    expect(latenessProblem(48 * HOUR_MS, committed)).toBeUndefined();
  });
});
