import { expect, it } from '@jest/globals';
import { parseSettings } from '#libs/operations';
import { checkTogether, collectorProgramSettings } from './config.js';

const checked = (env: Readonly<Record<string, string>>) => () =>
  checkTogether(parseSettings(collectorProgramSettings, { env }).values);

it('refuses an embedded log that is kept for less than events may be late; a topic of Kafka keeps what it was made to', () => {
  const short = { ALPERF_LATE_HOURS: '48', ALPERF_LOG_RETENTION_HOURS: '47' };
  expect(checked({ ...short, ALPERF_LOG: 'embedded' })).toThrow(
    /ALPERF_LOG_RETENTION_HOURS: 47 .*ALPERF_LATE_HOURS.*48/,
  );
  expect(checked({ ...short, ALPERF_LOG: 'kafka' })).not.toThrow();
  expect(checked({ ...short, ALPERF_LOG: 'embedded', ALPERF_LOG_RETENTION_HOURS: '48' })).not.toThrow();
});
