import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkBatch, eventTime, type Batch, type CheckedBatch } from '#libs/contracts';
import { AN_INSTANT, aBatch, aCacheWindow, aLoadFinished, aMetric, anEmitter, anyBatch } from '#libs/contracts/testing';
import { HttpProblem, TokenBucket } from '#libs/operations';
import { FakeClock } from '#libs/time/testing';
import { DistinctValues } from './distinct.js';
import { rejectByTime } from './lateness.js';
import { RateLimiter } from './rate-limit.js';
import { OTHER, ServiceCaps } from './service-caps.js';

const HOUR = 3_600_000;
const limits = { services: 3, names: 3, labelValues: 2, total: 1_000, rotateMs: 24 * HOUR };
const checked = (batch: Batch) => checkBatch(batch) as CheckedBatch;

describe('rejectByTime', () => {
  const bounds = { maxAgeMs: 48 * HOUR, maxAheadMs: 300_000 };

  it('takes exactly the events within the bounds, keeps their positions, and loses none', () => {
    const batches = anyBatch({ from: AN_INSTANT - 60 * HOUR, to: AN_INSTANT + HOUR });
    fc.assert(
      fc.property(batches, (batch) => {
        const result = rejectByTime(checked(batch), AN_INSTANT, bounds);
        const good = (i: number) => {
          const age = AN_INSTANT - eventTime(batch.events[i]!);
          return age <= bounds.maxAgeMs && -age <= bounds.maxAheadMs;
        };
        const all = batch.events.map((_, i) => i);
        expect(result.indexes ?? all).toEqual(all.filter(good));
        expect(result.rejections.map(({ index }) => index)).toEqual(all.filter((i) => !good(i)));
        expect(result.batch.events).toEqual(batch.events.filter((_, i) => good(i)));
        expect(result.changed).toBe(result.rejections.length > 0);
      }),
    );
  });

  it.each([
    ['at the oldest moment allowed', AN_INSTANT - 48 * HOUR, 0],
    ['a window before it', AN_INSTANT - 48 * HOUR - 1_000, 1],
    ['at the latest moment allowed', AN_INSTANT + 300_000, 0],
    ['a window after it', AN_INSTANT + 301_000, 1],
  ])('judges an event %s', (_, end, rejected) => {
    const result = rejectByTime(checked(aBatch({ events: [aCacheWindow({ end })] })), AN_INSTANT, bounds);
    expect(result.rejections).toHaveLength(rejected);
  });

  it('adds to the rejections of the check, with positions as posted', () => {
    const events = [7, aCacheWindow(), aCacheWindow({ end: 1_000 })] as never;
    const result = rejectByTime(checked(aBatch({ events })), AN_INSTANT, bounds);
    expect(result.rejections.map(({ pointer }) => pointer)).toEqual(['/events/0', '/events/2/end']);
    expect(result.indexes).toEqual([1]);
  });
});

describe('ServiceCaps', () => {
  const send = (caps: ServiceCaps, batch: Batch, at = AN_INSTANT) => ({ ...caps.apply(batch, at), batch });

  it('counts services, caches, resources and metrics over their cap under __other__, per service', () => {
    const caps = new ServiceCaps(limits, undefined);
    const events = ['a', 'b', 'c', 'd'].flatMap((name) => [
      aCacheWindow({ cache: name }),
      aLoadFinished({ resource: name }),
      aMetric({ name }),
    ]);
    const first = send(caps, aBatch({ events: structuredClone(events) }));
    expect(first.capped).toBe(3);
    expect(first.batch.events.slice(-3)).toMatchObject([{ cache: OTHER }, { resource: OTHER }, { name: OTHER }]);
    const another = aBatch({ emitter: anEmitter({ service: 'another' }), events: [aCacheWindow({ cache: 'd' })] });
    expect(send(caps, another).capped).toBe(0);
    for (const service of ['third', 'fourth']) {
      const { batch } = send(caps, aBatch({ emitter: anEmitter({ service }), events: [] }));
      expect(batch.emitter.service).toBe(service === 'fourth' ? OTHER : service);
    }
  });

  it('changes nothing within the caps', () => {
    fc.assert(
      fc.property(anyBatch(), (batch) => {
        const caps = new ServiceCaps({ ...limits, names: 1e6, labelValues: 1e6, total: 1e9 }, undefined);
        const before = structuredClone(batch);
        expect(caps.apply(batch, AN_INSTANT)).toEqual({ capped: 0, labelsLeftOut: 0 });
        expect(batch).toEqual(before);
      }),
    );
  });

  it('leaves labels out whose name is not on the list', () => {
    const { batch, labelsLeftOut } = send(
      new ServiceCaps(limits, new Set(['route'])),
      aBatch({ events: [aMetric({ labels: { route: '/', user: 'x' } })] }),
    );
    expect(labelsLeftOut).toBe(1);
    expect(batch.events[0]).toMatchObject({ labels: { route: '/' } });
  });

  it('caps a label named __proto__ as any other', () => {
    const caps = new ServiceCaps(limits, undefined);
    const events = ['a', 'b', 'c'].map((value) => ({
      ...aMetric(),
      labels: JSON.parse(`{"__proto__":"${value}"}`) as Record<string, string>,
    }));
    expect(send(caps, aBatch({ events })).capped).toBe(1);
    expect(JSON.stringify(events.map(({ labels }) => labels))).toBe(
      '[{"__proto__":"a"},{"__proto__":"b"},{"__proto__":"__other__"}]',
    );
  });

  it('holds 10,000 label values, services and names within its bound', () => {
    const caps = new ServiceCaps({ ...limits, total: 500, services: 1e6, names: 1e6, labelValues: 1e6 }, undefined);
    for (let i = 0; i < 10_000; i++) {
      const metric = aMetric({ name: `m${i}`, labels: { [`l${i}`]: `v${i}` } });
      caps.apply(aBatch({ emitter: anEmitter({ service: `s${i}` }), events: [metric] }), AN_INSTANT);
    }
    expect(caps.size).toBeLessThanOrEqual(500);
  });
});

describe('DistinctValues', () => {
  it('forgets what was not seen for a whole rotation, and nothing sooner', () => {
    const values = new DistinctValues({ total: 100, rotateMs: 1_000 });
    const admits = (value: string, at: number) => {
      values.rotate(at);
      return values.dimension('d', 1).admits(value);
    };
    expect(admits('a', 0)).toBe(true);
    expect(admits('b', 999)).toBe(false);
    expect(admits('a', 1_000)).toBe(true);
    expect(admits('b', 1_999)).toBe(false);
    expect(admits('b', 2_000)).toBe(true);
    expect(admits('a', 2_001)).toBe(true);
    expect(admits('a', 3_000)).toBe(true);
    expect(admits('c', 3_001)).toBe(false);
  });
});

describe('TokenBucket', () => {
  it('never lets more pass in any time than its rate, its burst and one last taking', async () => {
    const step = fc.record({ waitMs: fc.nat(3_000), count: fc.nat(50) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const clock = new FakeClock();
        const bucket = new TokenBucket(10, 20, clock);
        let taken = 0;
        for (const { waitMs, count } of steps) {
          await clock.advance(waitMs);
          if (bucket.waitMs() > 0) continue;
          bucket.take(count);
          taken += count;
          expect(taken).toBeLessThanOrEqual((clock.monotonic() / 1_000) * 10 + 20 + count);
        }
      }),
    );
  });

  it('lets pass again after the time that it named', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(10, 20, clock);
    bucket.take(120);
    await clock.advance(bucket.waitMs() - 200);
    expect(bucket.waitMs()).toBeGreaterThan(0);
    await clock.advance(bucket.waitMs());
    expect(bucket.waitMs()).toBe(0);
  });
});

describe('RateLimiter', () => {
  it('limits keys apart, and not at all where there is no limit', () => {
    const clock = new FakeClock();
    const rates = new RateLimiter({ eventsPerSecond: Infinity, bytesPerSecond: 10, burstSeconds: 1 }, clock);
    rates.takeBytes('a', 1_000);
    rates.takeEvents('a', 1e9);
    expect(() => rates.takeBytes('a', 1)).toThrow(HttpProblem);
    rates.takeBytes('b', 1);
    const free = new RateLimiter({ eventsPerSecond: Infinity, bytesPerSecond: Infinity, burstSeconds: 1 }, clock);
    for (let i = 0; i < 10; i++) free.takeBytes('a', 1e12);
  });
});
