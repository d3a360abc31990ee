import { describe, expect, it } from '@jest/globals';
import { checkTogether, standaloneDefaults } from './config.js';

const problemOf = (settings: Partial<ReturnType<typeof standaloneDefaults>>) => () =>
  checkTogether({ ...standaloneDefaults(), ...settings });

describe('settings that have to fit together', () => {
  it('do by default, with ports that the machine chooses, and with a log that is kept just long enough', () => {
    expect(problemOf({})).not.toThrow();
    expect(problemOf({ httpPort: 0, sqlPort: 0 })).not.toThrow();
    expect(problemOf({ lateHours: 48, logRetentionHours: 48 })).not.toThrow();
  });

  it('are all told at once when they do not', () => {
    expect(problemOf({ httpPort: 9000, sqlPort: 9000, lateHours: 48, logRetentionHours: 24 })).toThrow(
      /2 problems:\n.*ALPERF_HTTP_PORT and ALPERF_SQL_PORT both name port 9000.*\n.*ALPERF_LOG_RETENTION_HOURS: 24 .*ALPERF_LATE_HOURS.*48/,
    );
  });
});
