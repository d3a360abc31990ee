import { expect, it } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '#libs/time';
import { daysToLookAt } from './scopes.js';

it('leaves out days that have not come, and those whose events are no longer kept raw', () => {
  const today = Date.UTC(2026, 10, 24);
  const day = (ahead: number) => today + ahead * DAY_MS;
  const days = [-4, -3, -2, -1, 0, 1, 60].map(day);
  // A batch of yesterday may hold events that are dated a day ahead.
  expect(daysToLookAt(days, day(-2), today + 12 * 60 * MINUTE_MS)).toEqual([-3, -2, -1, 0].map(day));
  // Clocks of two machines differ a little: the day that comes in a minute may have begun.
  expect(daysToLookAt(days, day(-2), day(1) - MINUTE_MS)).toEqual([-3, -2, -1, 0, 1].map(day));
});
