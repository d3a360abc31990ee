import { describe, expect, it } from '@jest/globals';
import { EVENT_SCHEMAS, BatchHeader, histogramProblem, metricProblem, type Batch, type Event } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { MemoryTransport } from './testing/index.js';
import { Spool, SpooledBatchGone, type SpooledBatch } from './ports.js';
import { createTelemetry, type TelemetryOptions } from './telemetry.js';

function started(options: Partial<TelemetryOptions> = {}, transport = new MemoryTransport()) {
  const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
  const problems: string[] = [];
  let draw = 7;
  const random = () => (draw = (draw * 16_807) % 2_147_483_647) / 2_147_483_647;
  const telemetry = createTelemetry({
    service: 'reader',
    version: '1.2.3',
    transport,
    clock,
    random,
    salt: 'a salt that never leaves',
    onError: ({ code }) => problems.push(code),
    ...options,
  });
  return { telemetry, transport, clock, problems };
}

const eventsOf = (transport: MemoryTransport) => identities(transport).flatMap(({ events }) => events);
const windowsOf = (transport: MemoryTransport) =>
  eventsOf(transport).filter(
    (event): event is Extract<Event, { kind: 'cache.window' }> => event.kind === 'cache.window',
  );

/** Batches sent, each identity once; fails when one identity came with different bytes. */
function identities(transport: MemoryTransport): Batch[] {
  const byIdentity = new Map<string, Batch>();
  for (const batch of transport.sent) {
    const identity = `${batch.emitter.instance}/${batch.sequence}`;
    if (byIdentity.has(identity)) expect(batch).toEqual(byIdentity.get(identity));
    byIdentity.set(identity, batch);
  }
  return [...byIdentity.values()];
}

/** A spool whose disk takes 500 ms for a batch. */
class SlowSpool extends Spool {
  readonly appended: number[] = [];
  readonly acknowledged: number[] = [];
  readonly bytes = 0;
  asked = 0;
  appendedAtClose = 0;

  constructor(private readonly clock: FakeClock) {
    super();
  }

  readonly waiting = 0;

  async open(): Promise<void> {}

  async next(): Promise<readonly SpooledBatch[]> {
    return [];
  }

  async append({ sequence }: Omit<SpooledBatch, 'token'>): Promise<number> {
    this.asked++;
    await this.clock.sleep(500);
    this.appended.push(sequence);
    return sequence;
  }

  async read(): Promise<Uint8Array> {
    throw new Error('every body is still in memory');
  }

  async acknowledge(token: number): Promise<void> {
    this.acknowledged.push(token);
  }

  async close(): Promise<void> {
    this.appendedAtClose = this.appended.length;
  }
}

/** A spool in which an earlier process left three batches of two events. */
class LeftSpool extends Spool {
  readonly acknowledged: number[] = [];
  readonly bytes = 0;
  waiting = 3;

  /** `reading` rejects, or lets the bytes be read. */
  constructor(private readonly reading: (token: number) => Promise<void>) {
    super();
  }

  async open(): Promise<void> {}

  async next(): Promise<readonly SpooledBatch[]> {
    const left = {
      instance: LEFT_INSTANCE,
      events: 2,
      finalAt: Date.UTC(2026, 10, 24, 11),
      encoding: 'identity',
    } as const;
    const batches = Array.from({ length: this.waiting }, (_, i) => ({ ...left, token: i + 1, sequence: i }));
    this.waiting = 0;
    return batches;
  }

  async append(): Promise<undefined> {
    return undefined;
  }

  async read(token: number): Promise<Uint8Array> {
    await this.reading(token);
    const emitter = { service: 'reader', version: '1.2.3', instance: LEFT_INSTANCE };
    return new TextEncoder().encode(JSON.stringify({ schema: 1, emitter, sequence: token - 1, sentAt: 0, events: [] }));
  }

  async acknowledge(token: number): Promise<void> {
    this.acknowledged.push(token);
  }

  async close(): Promise<void> {}
}

const LEFT_INSTANCE = '00000000-0000-4000-8000-00000000000a';

/** A spool whose disk does not return until it is told to. */
class HungSpool extends SlowSpool {
  readonly #returned = Promise.withResolvers<void>();
  closed = 0;

  override open(): Promise<void> {
    return this.#returned.promise;
  }

  comeBack(): void {
    this.#returned.resolve();
  }

  override async close(): Promise<void> {
    await super.close();
    this.closed++;
  }
}

describe('Telemetry', () => {
  it('emits one exact window for what was counted in it, and nothing for a window without counts', async () => {
    const { telemetry, transport, clock } = started();
    const cache = telemetry.cache('pages');
    for (let i = 0; i < 5; i++) cache.hit();
    cache.miss();
    cache.loaded(1_500.4);
    cache.removed('evicted', 3);
    await clock.advance(5_000);
    const start = Date.UTC(2026, 10, 24, 12);
    expect(windowsOf(transport)).toEqual([
      {
        kind: 'cache.window',
        end: start + 1_000,
        windowMs: 1_000,
        cache: 'pages',
        tier: 'memory',
        requests: { hit: 5, miss: 1 },
        loads: 1,
        removals: { evicted: 3 },
        loadDuration: { scale: 5, count: 1, sum: 1_500, min: 1_500, max: 1_500, bins: [337, 1] },
      },
    ]);
  });

  it('keeps sums exact whatever the clock does', async () => {
    const step = fc.oneof(
      fc.record({ hits: fc.nat(50) }),
      fc.record({ advance: fc.nat(4_000) }),
      fc.record({ jump: fc.integer({ min: -7_200_000, max: 7_200_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { telemetry, transport, clock } = started();
        const cache = telemetry.cache('pages');
        let hits = 0;
        for (const one of steps) {
          if ('hits' in one) for (let i = 0; i < one.hits; i++, hits++) cache.hit();
          if ('advance' in one) await clock.advance(one.advance);
          if ('jump' in one) clock.jump(one.jump);
        }
        await clock.advance(3_000);
        const windows = windowsOf(transport);
        expect(windows.reduce((sum, { requests }) => sum + (requests.hit ?? 0), 0)).toBe(hits);
        for (const { end } of windows) expect(end % 1_000).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('makes only batches and events that the contract accepts', async () => {
    const { telemetry, transport, clock } = started({ platform: 'linux' });
    const cache = telemetry.cache('pages', { tier: 'disk' });
    cache.gauges(() => ({ entries: 3.7, bytes: 4_096, maxEntries: undefined as unknown as number }));
    const hash = cache.hashKey('document:1');
    cache.miss(hash);
    cache.hit(hash, { bytes: 10, ageMs: 5 });
    cache.stale(hash);
    cache.negative(hash);
    cache.error(hash);
    cache.written(hash, { bytes: 10, ttlMs: 1_000 });
    cache.removed('rejected', 1, hash);
    cache.removed('invalidated', 1, hash);
    cache.accessKey('get', 'hit', 'document:2');
    cache.getTook(812.5);
    cache.loadFailed(2_000_000);
    cache.change({ change: 'cleared', by: 'operator', entries: 3 });
    const load = {
      resource: 'document',
      resourceKey: '/home/me/secret.pdf',
      source: 'peer',
      priority: 'visible',
    } as const;
    telemetry.loads.finished({
      ...load,
      trigger: 'direct',
      outcome: 'ok',
      queuedNs: 1.5,
      totalNs: 2,
      bytes: 3,
      attempts: 1,
    });
    telemetry.loads.stalled({ ...load, elapsedNs: 5, sinceProgressNs: 4, bytes: 0 });
    telemetry
      .metric('opened_total', { type: 'counter', labels: ['format'] })
      .with({ format: 'pdf', who: 'me' })
      .add();
    telemetry.metric('heap_bytes', { type: 'gauge' }).own.track(() => 12);
    telemetry.metric('cpu_seconds_total', { type: 'total' }).own.set(3.5);
    telemetry.metric('render_seconds', { type: 'histogram' }).own.record(0.016);
    await clock.advance(3_000);
    const batches = transport.sent;
    expect(new Set(eventsOf(transport).map(({ kind }) => kind))).toEqual(new Set(Object.keys(EVENT_SCHEMAS)));
    for (const { events, ...header } of batches) {
      expect([...Value.Errors(BatchHeader, header)]).toEqual([]);
      for (const event of events) {
        expect([...Value.Errors(EVENT_SCHEMAS[event.kind], event)]).toEqual([]);
        if (event.kind === 'metric') expect(metricProblem(event)).toBeUndefined();
        if (event.kind === 'cache.window') expect(histogramProblem(event.getDuration!)).toBeUndefined();
      }
    }
    expect(eventsOf(transport).filter(({ kind }) => kind === 'cache.access')).toHaveLength(9);
  });

  it('lets no key, resource, salt or undeclared label leave', async () => {
    const { telemetry, transport, clock } = started({ labels: ['format'] });
    const cache = telemetry.cache('pages');
    cache.hit(cache.hashKey('document:very-secret'));
    cache.accessKey('get', 'miss', 'document:very-secret');
    telemetry.loads.stalled({
      resource: 'document',
      resourceKey: '/home/very-secret.pdf',
      source: 'disk',
      priority: 'visible',
      elapsedNs: 1,
      sinceProgressNs: 1,
      bytes: 1,
    });
    telemetry
      .metric('opened_total', { type: 'counter', labels: ['format', 'title'] })
      .with({ format: 'pdf', title: 'very-secret', reader: 'very-secret' })
      .add();
    await clock.advance(3_000);
    const bytes = transport.deliveries.map(({ body }) => new TextDecoder().decode(body)).join('\n');
    expect(bytes).toContain('"keyHash"');
    expect(bytes).toContain('"resourceHash"');
    expect(bytes).toContain('"format":"pdf"');
    expect(bytes).not.toMatch(/very-secret|never leaves|title/);
  });

  it('caps label sets and counts the rest under __other__', async () => {
    const { telemetry, transport, clock } = started();
    const family = telemetry.metric('opened_total', { type: 'counter', labels: ['id'], maxLabelSets: 3 });
    for (let i = 0; i < 10; i++) family.with({ id: String(i) }).add();
    await clock.advance(3_000);
    const values = eventsOf(transport).flatMap((event) =>
      event.kind === 'metric' ? [[event.labels?.['id'], event.value]] : [],
    );
    expect(values).toEqual([
      ['0', 1],
      ['1', 1],
      ['2', 1],
      ['__other__', 7],
    ]);
    expect(telemetry.stats().capped).toBe(7);
  });

  it('halves the rate of sampling, for whole keys, when a window holds too many accesses', async () => {
    const { telemetry, transport, clock } = started();
    const cache = telemetry.cache('pages', { maxAccessesPerWindow: 100 });
    for (let round = 0; round < 3; round++) for (let i = 0; i < 2_000; i++) cache.hit(cache.hashKey(`k${i}`));
    await clock.advance(3_000);
    const accesses = eventsOf(transport).flatMap((event) => (event.kind === 'cache.access' ? [event] : []));
    expect(accesses.length).toBeLessThan(1_500);
    expect(Math.min(...accesses.map(({ rate }) => rate))).toBeLessThan(0.1);
    expect(windowsOf(transport)[0]!.requests.hit).toBe(6_000);
  });

  it('sends heartbeats when idle, which say how far its windows are closed', async () => {
    const { transport, clock } = started();
    await clock.advance(21_000);
    expect(transport.sent.map(({ events }) => events.length)).toEqual([0, 0, 0, 0]);
    expect(transport.sent.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    const { closedThrough, sentAt } = transport.sent.at(-1)!;
    expect(sentAt - closedThrough!).toBeLessThanOrEqual(1_000);
  });

  it('never says that a window is closed before all of it has been emitted', async () => {
    const { telemetry, transport, clock } = started({ maxBatchEvents: 3 });
    const caches = Array.from({ length: 10 }, (_, i) => telemetry.cache(`cache-${i}`));
    for (let second = 0; second < 5; second++) {
      for (const cache of caches) cache.hit();
      await clock.advance(1_000);
    }
    await clock.advance(5_000);
    let latest = 0;
    for (const { events, closedThrough } of transport.sent) {
      for (const event of events) if (event.kind === 'cache.window') expect(event.end).toBeGreaterThan(latest);
      latest = Math.max(latest, closedThrough ?? 0);
    }
    expect(windowsOf(transport)).toHaveLength(50);
    expect(latest).toBeGreaterThan(0);
  });

  it.each([
    ['7', 8_000],
    ['Tue, 24 Nov 2026 12:00:20 GMT', 19_750],
  ])('waits as long as Retry-After %p asks, then sends the same bytes', async (retryAfter, earliestMs) => {
    const { telemetry, transport, clock } = started();
    transport.answers.push({ status: 503, body: '', retryAfter });
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    expect(transport.sent).toHaveLength(1);
    await clock.advance(earliestMs - 2_001);
    expect(transport.sent).toHaveLength(1);
    await clock.advance(1_500);
    expect(transport.deliveries[1]!.body).toEqual(transport.deliveries[0]!.body);
    expect(telemetry.stats()).toMatchObject({ retries: 1, accepted: 1 });
  });

  it('is not hurried out of a time that Retry-After asked for', async () => {
    const { telemetry, transport, clock } = started();
    transport.answers.push({ status: 429, body: '', retryAfter: '20' });
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    expect(transport.sent).toHaveLength(1);
    telemetry.resume();
    const flushed = telemetry.flush({ deadlineMs: 1_000 });
    await clock.advance(17_000);
    expect(await flushed).toBe(false);
    expect(transport.sent).toHaveLength(1);
    telemetry.resume();
    await clock.advance(3_000);
    expect(telemetry.stats()).toMatchObject({ retries: 1, accepted: 1 });
  });

  it('counts the bytes of a batch as bytes, also of labels that are not ASCII', async () => {
    const { telemetry, transport, clock } = started({ maxBatchBytes: 10_000 });
    const family = telemetry.metric('opened_total', { type: 'counter', labels: ['format'] });
    for (let i = 0; i < 100; i++) family.with({ format: `${i}${'電'.repeat(200)}` }).add();
    await clock.advance(10_000);
    expect(eventsOf(transport)).toHaveLength(100);
    for (const { body } of transport.deliveries) expect(body.length).toBeLessThanOrEqual(10_000 + 500);
  });

  it('tries again until there is an answer, and loses nothing meanwhile', async () => {
    const { telemetry, transport, clock, problems } = started();
    transport.always = new Error('nobody there');
    const cache = telemetry.cache('pages');
    for (let second = 0; second < 60; second++) {
      cache.hit();
      await clock.advance(1_000);
    }
    transport.always = { status: 202, body: '' };
    await clock.advance(60_000);
    expect(windowsOf(transport).reduce((sum, { requests }) => sum + requests.hit!, 0)).toBe(60);
    expect(telemetry.stats()).toMatchObject({ queued: 0, unacknowledgedBatches: 0, dropped: {} });
    expect(problems).toContain('unreachable');
  });

  it('splits a batch that is too large into two new ones', async () => {
    const { telemetry, transport, clock } = started();
    transport.answers.push({ status: 413, body: '' });
    for (let i = 0; i < 5; i++) telemetry.cache(`cache-${i}`).hit();
    await clock.advance(3_000);
    expect(transport.sent.map(({ sequence, events }) => [sequence, events.length])).toEqual([
      [0, 5],
      [1, 2],
      [2, 3],
    ]);
    expect(telemetry.stats()).toMatchObject({ accepted: 5, dropped: {} });
  });

  it('drops a batch that is refused for good, and announces it in the next', async () => {
    const { telemetry, transport, clock, problems } = started();
    transport.answers.push({ status: 400, body: '{"detail":"no"}' });
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    expect(transport.sent[1]!.dropped).toEqual({ refused: 1 });
    await clock.advance(10_000);
    expect(transport.sent[2]!.dropped).toBeUndefined();
    expect(telemetry.stats().dropped).toEqual({ refused: 1 });
    expect(problems).toEqual(['refused']);
  });

  it.each([
    ['refused for good', (clock: FakeClock) => clock.advance(2_000), { status: 400, body: '' }],
    ['too large and split', (clock: FakeClock) => clock.advance(2_000), { status: 413, body: '' }],
    ['too old', (clock: FakeClock) => (clock.jump(145 * 3_600_000), clock.advance(60_000)), new Error('nobody there')],
  ])('announces drops again when the batch that announced them was %s', async (_how, go, answer) => {
    const { telemetry, transport, clock } = started({ maxBufferBytes: 5_000, flushIntervalMs: 2_000 });
    const cache = telemetry.cache('pages');
    for (let i = 0; i < 100; i++) cache.change({ change: 'cleared', by: 'host', entries: i });
    const { buffer_full: full } = telemetry.stats().dropped;
    expect(full).toBeGreaterThan(10);
    transport.always = answer;
    await clock.advance(2_000);
    expect(transport.sent[0]!.dropped).toEqual({ buffer_full: full });
    transport.always = { status: 202, body: '' };
    const before = transport.sent.length;
    await go(clock);
    await clock.advance(10_000);
    const announced = transport.sent.slice(before).map(({ dropped }) => dropped?.buffer_full ?? 0);
    expect(announced.reduce((sum, one) => sum + one, 0)).toBe(full);
  });

  it('keeps a batch whose key is not accepted, and asks seldom', async () => {
    const { telemetry, transport, clock } = started();
    transport.always = { status: 401, body: '' };
    telemetry.cache('pages').hit();
    await clock.advance(31_000);
    expect(transport.sent).toHaveLength(1);
    transport.always = { status: 202, body: '' };
    await clock.advance(120_000);
    expect(windowsOf(transport)).toHaveLength(1);
    expect(telemetry.stats().accepted).toBe(1);
  });

  it('drops the oldest events when its memory is full, and everything is either sent or announced', async () => {
    const { telemetry, transport, clock } = started({ maxBufferBytes: 20_000, maxBatchEvents: 50 });
    transport.always = new Error('nobody there');
    const cache = telemetry.cache('pages');
    for (let i = 0; i < 500; i++) {
      cache.change({ change: 'cleared', by: 'host', entries: i });
      await clock.advance(10);
    }
    transport.always = { status: 202, body: '' };
    await clock.advance(60_000);
    const dropped = identities(transport).reduce((sum, batch) => sum + (batch.dropped?.buffer_full ?? 0), 0);
    expect(dropped).toBeGreaterThan(100);
    expect(telemetry.stats().dropped).toEqual({ buffer_full: dropped });
    const kept = eventsOf(transport).flatMap((event) => (event.kind === 'cache.change' ? [event.entries!] : []));
    expect(kept.length + dropped).toBe(500);
    expect(kept.at(-1)).toBe(499);
  });

  it('drops a batch that nobody would accept any more as too old, and announces it', async () => {
    const { telemetry, transport, clock } = started();
    transport.always = new Error('nobody there');
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    clock.jump(145 * 3_600_000);
    transport.always = { status: 202, body: '' };
    await clock.advance(60_000);
    expect(telemetry.stats().dropped).toEqual({ too_old: 1 });
    expect(identities(transport).map(({ dropped }) => dropped)).toContainEqual({ too_old: 1 });
  });

  it('leaves it to the collector to judge a batch that some collector would accept', async () => {
    const { telemetry, transport, clock } = started();
    transport.always = new Error('nobody there');
    telemetry.cache('pages').hit();
    await clock.advance(2_000);
    clock.jump(143 * 3_600_000);
    transport.always = { status: 202, body: '' };
    await clock.advance(60_000);
    expect(telemetry.stats()).toMatchObject({ accepted: 1, dropped: {} });
  });

  it('sends no batch before its spool has it, and acknowledges each to it', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new SlowSpool(clock);
    const { telemetry, transport } = started({ clock, spool });
    for (let second = 0; second < 20; second++) {
      telemetry.cache('pages').hit();
      for (let i = 0; i < 20; i++) {
        await clock.advance(50);
        telemetry.resume();
        expect(transport.sent.map(({ sequence }) => sequence)).toEqual(
          spool.appended.slice(0, transport.deliveries.length),
        );
      }
    }
    await clock.advance(3_000);
    expect(spool.appended.length).toBeGreaterThan(15);
    expect(spool.acknowledged).toEqual(spool.appended);
    expect(telemetry.stats()).toMatchObject({ accepted: 20, unacknowledgedBatches: 0 });
  });

  it('loses nothing of its spool while it cannot be read, and sends all of it afterwards', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    let failures = 3;
    const spool = new LeftSpool(async () => {
      if (failures-- > 0) throw new Error('EMFILE: too many open files');
    });
    const { telemetry, problems } = started({ clock, spool });
    await clock.advance(60_000);
    expect(spool.acknowledged).toEqual([1, 2, 3]);
    expect([telemetry.stats().dropped, problems]).toEqual([{}, ['spool']]);
  });

  it('leaves in its spool what cannot be read for long, and goes on with what is behind it', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new LeftSpool(async (token) => {
      if (token === 1) throw new Error('EIO: i/o error');
    });
    const { telemetry, problems } = started({ clock, spool });
    await clock.advance(300_000);
    expect(spool.acknowledged).toEqual([2, 3]);
    expect([telemetry.stats().dropped, problems]).toEqual([{}, ['spool', 'spool']]);
  });

  it('counts what is gone from its spool as dropped', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new LeftSpool(async (token) => {
      if (token === 2) throw new SpooledBatchGone('the file ends before it');
    });
    const { telemetry } = started({ clock, spool });
    await clock.advance(60_000);
    expect(spool.acknowledged).toEqual([1, 2, 3]);
    expect(telemetry.stats().dropped).toEqual({ spool_full: 2 });
  });

  it('makes a batch for each interval, not for each few events, where its disk is slow and the host never stops', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new SlowSpool(clock);
    const { telemetry } = started({ clock, spool, flushIntervalMs: 2_000 });
    const load = { resource: 'document', source: 'peer', priority: 'visible', trigger: 'direct' } as const;
    for (let step = 0; step < 500; step++) {
      telemetry.loads.finished({ ...load, outcome: 'ok', queuedNs: 1, totalNs: 2, bytes: 3, attempts: 1 });
      await clock.advance(20);
    }
    expect(spool.asked).toBe(5);
    const done = telemetry.shutdown();
    await clock.advance(5_000);
    expect([await done, telemetry.stats().accepted]).toEqual([true, 500]);
  });

  it('closes its spool only after it has taken a heartbeat that announces drops', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new SlowSpool(clock);
    const { telemetry, transport } = started({ clock, spool });
    transport.answers.push({ status: 400, body: '{"detail":"no"}' });
    telemetry.cache('pages').hit();
    for (let step = 0; step < 1_000 && spool.asked < 2; step++) await clock.advance(50);
    expect([spool.asked, spool.appended.length]).toEqual([2, 1]);
    const done = telemetry.shutdown({ deadlineMs: 100 });
    await clock.advance(2_000);
    await done;
    expect(spool.appendedAtClose).toBe(2);
  });

  it('goes on without a spool that does not open, tells it once, and uses it when it opens after all', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new HungSpool(clock);
    const { telemetry, transport, problems } = started({ clock, spool });
    telemetry.cache('pages').hit();
    await clock.advance(4_000);
    expect([transport.sent.length, problems]).toEqual([0, []]);
    await clock.advance(4_000);
    expect([windowsOf(transport).length, problems]).toEqual([1, ['spool']]);
    spool.comeBack();
    telemetry.cache('pages').hit();
    await clock.advance(4_000);
    expect([windowsOf(transport).length, problems]).toEqual([2, ['spool']]);
    expect(spool.acknowledged).toEqual(spool.appended);
    expect(spool.appended.length).toBeGreaterThan(0);
    const done = telemetry.shutdown();
    await clock.advance(5_000);
    expect([await done, spool.closed]).toEqual([true, 1]);
  });

  it('ends by the deadline of its shutdown although its spool does not open, having sent what there was', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new HungSpool(clock);
    const { telemetry, transport, problems } = started({ clock, spool });
    telemetry.cache('pages').hit();
    let all: boolean | undefined;
    void telemetry.shutdown({ deadlineMs: 2_000 }).then((answer) => (all = answer));
    await clock.advance(2_000);
    expect([all, windowsOf(transport).length, problems, clock.timers]).toEqual([true, 1, ['spool'], 0]);
    // What opens afterwards is closed: it is locked for this process.
    spool.comeBack();
    await clock.advance(0);
    expect(spool.closed).toBe(1);
  });

  it('ends by the deadline of its shutdown although its open spool answers no more, and says so', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new SlowSpool(clock);
    spool.append = () => new Promise(() => undefined);
    const { telemetry, problems } = started({ clock, spool });
    telemetry.cache('pages').hit();
    let all: boolean | undefined;
    void telemetry.shutdown({ deadlineMs: 2_000 }).then((answer) => (all = answer));
    await clock.advance(1_999);
    expect(all).toBe(undefined);
    await clock.advance(1);
    expect([all, problems, clock.timers]).toEqual([false, ['spool'], 0]);
  });

  it('leaves its spool the time to close within the deadline of its shutdown', async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 24, 12, 0, 0, 250));
    const spool = new SlowSpool(clock);
    const { telemetry, transport, problems } = started({ clock, spool });
    transport.always = new Error('nobody there');
    telemetry.cache('pages').hit();
    let all: boolean | undefined;
    void telemetry.shutdown({ deadlineMs: 4_000 }).then((answer) => (all = answer));
    await clock.advance(4_000);
    expect([all, spool.appendedAtClose, problems]).toEqual([false, 1, ['unreachable']]);
  });

  it('sends what is left at shutdown, and says when it could not', async () => {
    const good = started();
    good.telemetry.cache('pages').hit();
    const done = good.telemetry.shutdown();
    await good.clock.advance(1);
    expect(await done).toBe(true);
    expect(windowsOf(good.transport)).toHaveLength(1);

    good.telemetry.cache('pages').change({ change: 'cleared', by: 'host', entries: 1 });
    expect(good.telemetry.stats().dropped).toEqual({ stopped: 1 });

    const bad = started();
    bad.transport.always = new Error('nobody there');
    bad.telemetry.cache('pages').hit();
    const failed = bad.telemetry.shutdown({ deadlineMs: 2_000 });
    await bad.clock.advance(2_001);
    expect(await failed).toBe(false);
    expect(bad.telemetry.stats().unacknowledgedBatches).toBe(1);
  });

  it('ends by the earliest deadline that a shutdown was given', async () => {
    const { telemetry, transport, clock } = started();
    transport.always = new Error('nobody there');
    telemetry.cache('pages').hit();
    const begun = clock.monotonic();
    const endings: { all: boolean; afterMs: number }[] = [];
    const end = (deadlineMs: number) =>
      telemetry.shutdown({ deadlineMs }).then((all) => endings.push({ all, afterMs: clock.monotonic() - begun }));
    void end(60_000);
    await clock.advance(1_000);
    void end(500);
    void end(60_000);
    await clock.advance(499);
    expect(endings).toEqual([]);
    await clock.advance(1);
    const over = { all: false, afterMs: 1_500 };
    expect(endings).toEqual([over, over, over]);
    // Nothing is left to wait for, and asking once more begins no wait.
    void end(60_000);
    await clock.advance(0);
    expect([endings.length, clock.timers]).toEqual([4, 0]);
  });

  it('hands everything to beacons when a page goes, and sends it again until it is acknowledged', async () => {
    const { telemetry, transport, clock } = started({}, new MemoryTransport({ beacons: true }));
    telemetry.cache('pages').hit();
    telemetry.leave();
    expect(transport.beacons).toHaveLength(1);
    await clock.advance(20_000);
    const [first] = transport.sent;
    expect(first).toEqual(JSON.parse(new TextDecoder().decode(transport.beacons[0])));
    expect(telemetry.stats()).toMatchObject({ unacknowledgedBatches: 0, accepted: 1 });
  });

  it('hands a batch to one beacon only while that may be on its way', async () => {
    const { telemetry, transport, clock } = started({}, new MemoryTransport({ beacons: true }));
    transport.always = new Error('nobody there');
    telemetry.cache('pages').hit();
    telemetry.leave();
    await clock.advance(1_000);
    telemetry.leave();
    expect(transport.beacons).toHaveLength(1);
    await clock.advance(10_000);
    telemetry.leave();
    expect(transport.beacons).toHaveLength(2);
    expect(transport.beacons[1]).toEqual(transport.beacons[0]);
  });

  it('never throws into its host, whatever the host does wrong', async () => {
    const { telemetry, clock, problems } = started({
      onError: () => {
        throw new Error('the hook fails too');
      },
    });
    const cache = telemetry.cache('pages');
    cache.gauges(() => {
      throw new Error('gauges fail');
    });
    const wrong = null as unknown as string;
    telemetry.metric('m', { type: 'gauge' }).own.track(() => {
      throw new Error('reading fails');
    });
    telemetry.metric('n', { type: 'counter' }).own.add(NaN);
    cache.hashKey(wrong);
    cache.accessKey('get', 'hit', wrong);
    cache.getTook(NaN);
    telemetry.loads.finished({ resourceKey: Symbol('key') } as never);
    telemetry.leave();
    cache.hit();
    await clock.advance(2_000);
    expect(telemetry.stats().errors).toBeGreaterThanOrEqual(5);
    expect(problems).toEqual([]);
  });
});
