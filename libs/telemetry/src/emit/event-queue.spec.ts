import { describe, expect, it } from '@jest/globals';
import type { Event } from '#libs/contracts';
import fc from 'fast-check';
import { EventQueue } from './event-queue.js';

const event = (time: number): Event => ({ kind: 'metric', time, name: 'n', type: 'gauge', value: 1 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.nat(12) }),
    fc.record({ do: fc.constant('mark' as const) }),
    fc.record({ do: fc.constant('reserve' as const), max: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ do: fc.constant('release' as const), count: fc.nat(10) }),
  ),
  { maxLength: 60 },
);

describe('The queue of events', () => {
  it('keeps order, counts every event once, stays within its bound, and never passes a mark too early', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        let dropped = 0;
        const queue = new EventQueue(250 * 20, (events) => (dropped += events));
        let pushed = 0;
        const taken: number[] = [];
        let reserved: readonly Event[] = [];
        for (const step of steps) {
          if (step.do === 'push') for (let i = 0; i < step.count; i++) queue.push(event(pushed++));
          // A mark's end is the number of events pushed before it.
          if (step.do === 'mark') queue.mark(pushed);
          if (step.do === 'reserve') reserved = queue.reserve(step.max).events;
          if (step.do === 'release') {
            const count = Math.min(step.count, reserved.length);
            for (const one of reserved.slice(0, count)) taken.push((one as { time: number }).time);
            const passed = queue.release(count);
            reserved = [];
            const rest = queue.length === 0 ? pushed : (queue.reserve(1).events[0] as { time: number }).time;
            queue.release(0);
            if (passed !== undefined) expect(passed).toBeLessThanOrEqual(rest);
          }
          expect(taken.length + dropped + queue.length).toBe(pushed);
          expect(queue.bytes).toBeLessThanOrEqual(250 * 21);
        }
        expect(taken).toEqual([...taken].sort((a, b) => a - b));
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });

  it('tells whoever encodes that another has taken the events over', () => {
    const queue = new EventQueue(10_000, () => undefined);
    queue.push(event(1));
    const { ticket } = queue.reserve(10);
    expect(queue.stillReserved(ticket)).toBe(true);
    queue.release(queue.reserve(10).events.length);
    expect(queue.stillReserved(ticket)).toBe(false);
  });

  it('holds no more marks than events, however long nothing leaves', () => {
    const queue = new EventQueue(250 * 20, () => undefined);
    for (let end = 0; end < 1_000; end++) {
      if (end % 3 === 0) queue.push(event(end));
      queue.mark(end);
    }
    expect(queue.marks).toBeLessThanOrEqual(queue.length + 1);
    const { events } = queue.reserve(100);
    expect(queue.release(events.length)).toBe(999);
    expect(queue.marks).toBe(0);
  });
});
