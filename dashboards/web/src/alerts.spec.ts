import { describe, expect, it } from '@jest/globals';
import type { ActiveAlert } from '#libs/contracts';
import { firing } from './alerts.js';

const since = '2026-11-24T12:00:00.000Z';
const anAlert = (alertname: string, severity: string, state: ActiveAlert['state'] = 'firing'): ActiveAlert => ({
  labels: { alertname, severity },
  annotations: {
    summary: `${alertname}.`,
    ...(severity === 'critical' && { runbook: `docs/runbooks/${alertname}.md` }),
  },
  state,
  activeAt: since,
  value: '1e+00',
});

describe('The alerts that the page shows', () => {
  it('are those that fire, the critical ones first', () => {
    const alerts = [anAlert('A', 'warning'), anAlert('B', 'critical', 'pending'), anAlert('C', 'critical')];
    expect(firing({ status: 'success', data: { alerts } })).toEqual([
      { name: 'C', severity: 'critical', summary: 'C.', runbook: 'docs/runbooks/C.md', since },
      { name: 'A', severity: 'warning', summary: 'A.', runbook: '', since },
    ]);
  });
});
