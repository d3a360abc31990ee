import { expect, it } from '@jest/globals';
import { Metrics } from '#libs/operations';
import type { AuditRow } from './audit-store.js';
import { AuditTelemetry } from './audit-telemetry.js';
import { NOTHING_FOUND } from './findings.js';

it('shows how old a finding is, also when rounds fail, and forgets scopes that went away', async () => {
  const metrics = new Metrics();
  const telemetry = new AuditTelemetry(metrics);
  const row = (scope: string, time: number, lost: number, full: boolean): AuditRow => ({
    time,
    scope,
    checkedFrom: 0,
    checkedThrough: 0,
    full,
    finding: { ...NOTHING_FOUND, lost },
    openGaps: 0,
    detail: '',
  });
  telemetry.scope(row('raw/0', 5_000, 2, true));
  telemetry.scope(row('raw/0', 9_500, 1, false));
  telemetry.scope(row('raw/1', 9_500, 7, true));
  telemetry.forget('raw/1');
  telemetry.failed();
  const lines = (await metrics.exposition()).split('\n').filter((line) => line.startsWith('pipeline_'));
  expect(lines).toEqual([
    'pipeline_lost_events{scope="raw/0"} 1',
    'pipeline_duplicated_events{scope="raw/0"} 0',
    'pipeline_audit_checked_timestamp_seconds{scope="raw/0"} 9.5',
    'pipeline_audit_full_check_timestamp_seconds{scope="raw/0"} 5',
    'pipeline_open_gaps 0',
  ]);
});
