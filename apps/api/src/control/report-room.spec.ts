import { expect, it } from '@jest/globals';
import { REPORT_ROOM, ReportRoom } from './report-room.js';

const { unknown } = REPORT_ROOM;

it('keeps less of who is not known to listen, kind by kind, and always takes what does not grow', () => {
  const room = new ReportRoom();
  const large = unknown.kind.bytes / 10;
  for (let i = 0; i < 10; i++) room.add(`ack/reader/${i}`, large);
  expect(room.has({ key: 'ack/reader/x', bytes: 1 }, 'unknown')).toBe(false);
  expect(room.has({ key: 'ack/reader/x', bytes: 1 }, 'listening')).toBe(true);
  expect(room.has({ key: 'ack/other/x', bytes: 1 }, 'unknown')).toBe(true);
  expect(room.has({ key: 'ack/reader/3', bytes: large }, 'unknown')).toBe(true);
  expect(room.has({ key: 'ack/reader/3', bytes: large + 1 }, 'unknown')).toBe(false);
  room.add('ack/reader/3', 0);
  expect(room.has({ key: 'ack/reader/x', bytes: large }, 'unknown')).toBe(true);
});

it('counts entries too, and all kinds together', () => {
  const room = new ReportRoom();
  for (let i = 0; i < unknown.kind.entries; i++) room.add(`answer/c/${i}`, 1);
  expect(room.has({ key: 'answer/c/x', bytes: 1 }, 'unknown')).toBe(false);
  room.replace(Array.from({ length: unknown.all.entries }, (_, i) => ({ key: `ack/s${i}/x`, bytes: 1 })));
  expect(room.has({ key: 'answer/c/x', bytes: 1 }, 'unknown')).toBe(false);
  expect(room.has({ key: 'answer/c/x', bytes: 1 }, 'listening')).toBe(true);
});
