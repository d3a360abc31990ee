import { describe, expect, it } from '@jest/globals';
import type { Event } from '#libs/contracts';
import fc from 'fast-check';
import { EventQueue } from './event-queue.js';

const event = (time: number, value: unknown = 1): Event => ({
  kind: 'metric',
  time,
  name: 'n',
  type: 'gauge',
  value: value as number,
});
const STEPS = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('push' as const), count: fc.nat(12) }),
    fc.record({ do: fc.constant('pushUnfit' as const) }),
    fc.record({ do: fc.constant('mark' as const) }),
    fc.record({ do: fc.constant('encode' as const), events: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ do: fc.constant('take' as const), whole: fc.boolean() }),
    fc.record({ do: fc.constant('takeFront' as const), bytes: fc.nat(400) }),
  ),
  { maxLength: 60 },
);
const HEADER = { emitter: { service: 's', instance: 'i', version: '1' }, sequence: 0, sentAt: 0 };
const MAX_BYTES = 250 * 20;
const ALL = () => false;

function aQueue({ maxBytes = MAX_BYTES, maxBatchEvents = 7, maxBatchBytes = 400 } = {}) {
  const counted = { dropped: 0, unfit: 0 };
  const queue = new EventQueue({
    maxBytes,
    maxBatchEvents,
    maxBatchBytes,
    headRoom: 300,
    onDrop: (events) => (counted.dropped += events),
    onUnfit: () => counted.unfit++,
  });
  return { queue, counted };
}

function timesIn(text: string): number[] {
  return (JSON.parse(text) as { time: number }[]).map(({ time }) => time);
}

/** The times of the events of the batch taken, which is given back. */
function takenFrom(queue: EventQueue, whole: boolean): number[] {
  const batch = queue.take(whole);
  if (batch === undefined) return [];
  const text = new TextDecoder().decode(batch.finish(HEADER));
  queue.giveBack(batch);
  return timesIn(text.slice(text.indexOf('['), -1));
}

describe('The queue of events', () => {
  it('keeps order, counts every event once, stays within its bound, and never passes a mark too early', () => {
    fc.assert(
      fc.property(STEPS, (steps) => {
        const { queue, counted } = aQueue();
        let pushed = 0;
        let last = -1;
        const taken: number[] = [];
        const marks: { readonly passed: number; readonly at: number }[] = [];
        for (const step of steps) {
          if (step.do === 'push') for (let i = 0; i < step.count; i++) queue.push(event((last = pushed++)));
          if (step.do === 'pushUnfit') queue.push(event(pushed++, 1n));
          // A mark's end is the latest event pushed before it.
          if (step.do === 'mark') queue.mark(last);
          let left = step.do === 'encode' ? step.events : 0;
          if (step.do === 'encode') queue.encode(() => --left <= 0);
          if (step.do === 'take') {
            const some = takenFrom(queue, step.whole);
            expect(some.length).toBeLessThanOrEqual(7);
            taken.push(...some);
          }
          if (step.do === 'takeFront') {
            const front = queue.takeFront(step.bytes);
            const some = front === undefined ? [] : timesIn(`[${new TextDecoder().decode(front.bytes)}]`);
            expect(some).toHaveLength(front?.events ?? 0);
            if (some.length > 1) expect(front?.bytes.length).toBeLessThanOrEqual(step.bytes);
            taken.push(...some);
          }
          expect(taken.length + counted.dropped + counted.unfit + queue.length).toBe(pushed);
          expect(queue.bytes).toBeLessThanOrEqual(MAX_BYTES);
          const passed = queue.takePassedMark() ?? -1;
          // What is left of what was pushed up to the mark would be taken later, and tell.
          marks.push({ passed, at: taken.length });
        }
        queue.encode(ALL);
        for (let some = takenFrom(queue, true); some.length > 0; some = takenFrom(queue, true)) taken.push(...some);
        expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
        for (const { passed, at } of marks) for (const time of taken.slice(at)) expect(time).toBeGreaterThan(passed);
        expect(queue.bytes).toBe(0);
        queue.mark(1_000_000);
        expect(queue.takePassedMark()).toBe(1_000_000);
      }),
    );
  });

  it('stays within its bound where what leaves is smaller as text than what comes', () => {
    const { queue } = aQueue();
    for (let i = 0; i < 18; i++) queue.push(event(i));
    let left = 5;
    queue.encode(() => --left <= 0);
    for (let i = 18; i < 40; i++) {
      queue.push(event(i));
      expect(queue.bytes).toBeLessThanOrEqual(MAX_BYTES);
    }
  });

  it('holds no more marks than events, however long nothing leaves', () => {
    const { queue } = aQueue();
    for (let end = 0; end < 1_000; end++) {
      if (end % 3 === 0) queue.push(event(end));
      if (end % 50 === 0) queue.encode(ALL);
      queue.mark(end);
    }
    expect(queue.marks).toBeLessThanOrEqual(queue.length + 1);
    queue.encode(ALL);
    while (queue.length > 0) takenFrom(queue, true);
    expect(queue.takePassedMark()).toBe(999);
    expect(queue.marks).toBe(0);
  });

  it('has a complete batch by number and by size, and gives one that is not only when asked for it', () => {
    const byNumber = aQueue({ maxBatchEvents: 3, maxBatchBytes: 10_000 }).queue;
    const bySize = aQueue({ maxBatchEvents: 100, maxBatchBytes: 150 }).queue;
    for (const queue of [byNumber, bySize]) {
      queue.push(event(1));
      queue.encode(ALL);
      expect(queue.hasComplete).toBe(false);
      expect(queue.take(false)).toBeUndefined();
      for (const time of [2, 3, 4]) queue.push(event(time));
      queue.encode(ALL);
      expect(queue.hasComplete).toBe(true);
    }
    expect(takenFrom(byNumber, false)).toEqual([1, 2, 3]);
    expect(takenFrom(byNumber, false)).toEqual([]);
    expect(takenFrom(byNumber, true)).toEqual([4]);
    // One event is 60 bytes, and two more between two of them.
    expect(takenFrom(bySize, false)).toEqual([1, 2]);
    expect(takenFrom(bySize, true)).toEqual([3, 4]);
  });
});
