import { describe, expect, it } from '@jest/globals';
import type { Alert } from '#libs/alerting';
import { AlertsAnswer } from '#libs/contracts';
import { Compile } from 'typebox/compile';
import { alertsAnswer, goFloat } from './alerts-answer.js';

const AT = Date.UTC(2026, 10, 24, 12);
const anAlert = (over: Partial<Alert> = {}): Alert => ({
  labels: { alertname: 'B', severity: 'critical' },
  annotations: { summary: 'Something.' },
  state: 'firing',
  value: 3,
  activeAt: AT,
  firedAt: AT,
  ...over,
});

describe('The answer to GET /api/v1/alerts', () => {
  it('has the shape of Prometheus, in a fixed order, without what is resolved', () => {
    const answer = alertsAnswer([
      anAlert({ keepFiringSince: AT + 1 }),
      anAlert({ labels: { alertname: 'C' }, state: 'inactive', resolvedAt: AT }),
      anAlert({ labels: { alertname: 'A' }, state: 'pending' }),
    ]);
    expect(answer).toEqual({
      status: 'success',
      data: {
        alerts: [
          {
            labels: { alertname: 'A' },
            annotations: { summary: 'Something.' },
            state: 'pending',
            activeAt: '2026-11-24T12:00:00.000Z',
            value: '3e+00',
          },
          {
            labels: { alertname: 'B', severity: 'critical' },
            annotations: { summary: 'Something.' },
            state: 'firing',
            activeAt: '2026-11-24T12:00:00.000Z',
            keepFiringSince: '2026-11-24T12:00:00.001Z',
            value: '3e+00',
          },
        ],
      },
    });
    expect(Compile(AlertsAnswer).Check(answer)).toBe(true);
  });

  it.each([
    [0, '0e+00'],
    [-0, '-0e+00'],
    [1, '1e+00'],
    [1_234.5, '1.2345e+03'],
    [0.000_02, '2e-05'],
    [-7e123, '-7e+123'],
    [Number.NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('writes %p as Go does', (value, text) => {
    expect(goFloat(value)).toBe(text);
  });
});
