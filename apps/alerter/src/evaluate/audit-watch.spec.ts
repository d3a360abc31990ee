import { expect, it } from '@jest/globals';
import { AT } from '../testing/conditions.js';
import { AuditWatch } from './audit-watch.js';

it.each([
  ['moves on', 10, 20, AT + 3_000],
  ['stands still', 10, 10, AT],
  ['goes back', 10, 5, AT],
  ['is known at last', null, 10, AT + 3_000],
  ['is not known', null, null, AT],
  ['is not known any more', 10, null, AT],
])('sees when what the audit has checked through %s', (_, before, now, movedAt) => {
  const watch = new AuditWatch(60_000);
  expect(watch.look(AT, before)).toEqual({ from: AT, movedAt: AT });
  expect(watch.look(AT + 3_000, now)).toEqual({ from: AT, movedAt });
});

it('sees that an audit moves on again after it went back', () => {
  const watch = new AuditWatch(60_000);
  watch.look(AT, 10);
  watch.look(AT + 3_000, 5);
  expect(watch.look(AT + 6_000, 7)).toEqual({ from: AT, movedAt: AT + 6_000 });
});

it.each([
  ['when it did not look for a while', 600_000],
  ['when the clock was set back', -600_000],
])('begins anew %s', (_, later) => {
  const watch = new AuditWatch(60_000);
  watch.look(AT, 10);
  watch.look(AT + 3_000, 20);
  expect(watch.look(AT + later, 20)).toEqual({ from: AT + later, movedAt: AT + later });
});
