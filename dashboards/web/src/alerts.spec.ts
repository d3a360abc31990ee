import { describe, expect, it } from '@jest/globals';
import type { ActiveAlert } from '#libs/contracts';
import { firing, runbookPath } from './alerts.js';

const since = '2026-11-24T12:00:00.000Z';
const anAlert = (alertname: string, severity: string, state: ActiveAlert['state'] = 'firing'): ActiveAlert => ({
  labels: { alertname, severity },
  annotations: {
    summary: `${alertname}.`,
    ...(severity === 'critical' && { description: 'More.', runbook: `docs/runbooks/${alertname}.md` }),
  },
  state,
  activeAt: since,
  value: '1e+00',
});

describe('The alerts that the page shows', () => {
  it('lead to the runbooks that this server has, and to nothing else', () => {
    expect(runbookPath('docs/runbooks/PipelineStalled.md')).toBe('/runbooks/PipelineStalled.md');
    for (const other of ['', 'docs/runbooks/../sql.md', 'javascript:alert(1)', 'runbooks/A.md', 'docs/runbooks/A.md#x'])
      expect(runbookPath(other)).toBeUndefined();
  });

  it('are those that fire, the critical ones first', () => {
    const alerts = [anAlert('A', 'warning'), anAlert('B', 'critical', 'pending'), anAlert('C', 'critical')];
    expect(firing({ status: 'success', data: { alerts } })).toEqual([
      { name: 'C', severity: 'critical', summary: 'C.', description: 'More.', runbook: 'docs/runbooks/C.md', since },
      { name: 'A', severity: 'warning', summary: 'A.', description: '', runbook: '', since },
    ]);
  });
});
