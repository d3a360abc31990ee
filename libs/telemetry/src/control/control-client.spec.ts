import { describe, expect, it } from '@jest/globals';
import {
  ControlTarget,
  type CacheDescription,
  type ControlBounds,
  type ControlOperation,
  type ControlSettings,
  type InstanceReport,
  type OperationOutcome,
} from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { ControlClient } from './control-client.js';
import { ControlLink, type LinkAnswer } from './control-link.js';
import { ListeningPlace } from './listening-place.js';
import type { StreamEvent } from './sse-parser.js';

const BY = { role: 'controller', key: 'tuner' } as const;

/** A link whose other end is the test. */
class HandLink extends ControlLink {
  readonly asked: (string | undefined)[] = [];
  readonly ages: number[] = [];
  readonly reports: InstanceReport[] = [];
  reportStatus = 204;
  #end: ((answer: LinkAnswer) => void) | undefined;
  #fail: ((cause: Error) => void) | undefined;
  #event: ((event: StreamEvent) => void) | undefined;

  listen(
    { ageMs }: { readonly ageMs: number },
    after: string | undefined,
    on: { readonly event: (event: StreamEvent) => void; readonly bytes: () => void },
    signal: AbortSignal,
  ): Promise<LinkAnswer> {
    this.asked.push(after);
    this.ages.push(ageMs);
    this.#event = on.event;
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  async report(report: InstanceReport): Promise<LinkAnswer> {
    this.reports.push(report);
    return { status: this.reportStatus };
  }

  send(name: string, data: Record<string, unknown>): void {
    const id = data['revision'];
    this.#event!({ name, id: id === undefined ? undefined : String(id), data: JSON.stringify(data) });
  }

  end(status: number, retryAfter?: string): void {
    this.#end!({ status, retryAfter });
  }

  fail(): void {
    this.#fail!(new TypeError('Failed to fetch'));
  }
}

class Target extends ControlTarget {
  readonly applied: ControlSettings[] = [];
  ran = 0;

  constructor(
    private readonly bounds: ControlBounds = {},
    private readonly cache = 'pages',
  ) {
    super();
  }

  describe(): CacheDescription {
    return { cache: this.cache, tiers: [], settings: {}, bounds: this.bounds };
  }

  async apply(settings: ControlSettings): Promise<undefined> {
    this.applied.push(settings);
  }

  async run(_operation: ControlOperation): Promise<OperationOutcome> {
    this.ran++;
    throw new Error('a secret key');
  }
}

/** A target whose operations end when the test says so. */
class SlowTarget extends Target {
  readonly begun: string[] = [];
  #end: ((outcome: OperationOutcome) => void)[] = [];

  readonly signals: (AbortSignal | undefined)[] = [];

  override run(
    { do: what }: ControlOperation,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<OperationOutcome> {
    this.begun.push(what);
    this.signals.push(signal);
    return new Promise((resolve) => this.#end.push(resolve));
  }

  /** Ends the oldest of those under way, or another one. */
  end(outcome: OperationOutcome = {}, which = 0): void {
    this.#end.splice(which, 1)[0]!(outcome);
  }
}

/** A place that the test gives and takes. */
class HandPlace extends ListeningPlace {
  wanted = false;
  #listen: ((signal: AbortSignal) => Promise<void>) | undefined;
  #run: AbortController | undefined;

  hold(listen: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): void {
    this.wanted = true;
    this.#listen = listen;
    signal.addEventListener('abort', () => {
      this.wanted = false;
      this.take();
    });
  }

  give(): void {
    this.#run = new AbortController();
    void this.#listen!(this.#run.signal);
  }

  take(): void {
    this.#run?.abort();
  }
}

function setUp(bounds?: ControlBounds, place?: ListeningPlace) {
  return { ...aChannel(place), target: new Target(bounds) };
}

function aChannel(place?: ListeningPlace) {
  const [clock, link] = [new FakeClock(), new HandLink()];
  const changes: unknown[] = [];
  const problems: string[] = [];
  const client = new ControlClient({
    service: 'reader',
    instance: 'i',
    link,
    clock,
    random: () => 0.999,
    changed: (change) => changes.push(change),
    onProblem: (message) => problems.push(message),
    ...(place !== undefined && { place }),
  });
  const state = (revision: number, caches: Record<string, ControlSettings>, on = true, lastOff?: number) =>
    link.send('state', { revision, at: clock.now(), on, by: BY, caches, ...(lastOff !== undefined && { lastOff }) });
  const hello = () => link.send('hello', { now: clock.now(), heartbeatMs: 15_000 });
  let revision = 1_000;
  const command = (
    what: ControlOperation['do'] | ControlOperation,
    validityMs = 60_000,
    cache = 'pages',
    id: string = typeof what === 'string' ? what : 'c',
  ) =>
    link.send('command', {
      id,
      revision: ++revision,
      cache,
      operation: typeof what === 'string' ? { do: what } : what,
      dryRun: false,
      by: BY,
      issuedAt: clock.now(),
      validUntil: clock.now() + validityMs,
    });
  const answers = () => link.reports.flatMap((report) => report.answers!);
  return { clock, link, changes, problems, client, state, hello, command, answers };
}

describe('A client of the control channel', () => {
  it('asks for nothing before there is a cache, and goes on after what it took in last', async () => {
    const { clock, link, target, client, state, hello } = setUp();
    await clock.advance(60_000);
    expect(link.asked).toEqual([]);
    client.add(target);
    hello();
    state(7, { pages: { ttlMs: 5 } });
    await clock.advance(1_000);
    expect(target.applied).toEqual([{ ttlMs: 5 }]);
    expect(link.reports).toMatchObject([{ revision: 7 }]);
    link.end(200);
    await clock.advance(500);
    expect(link.asked).toEqual([undefined, '7']);
    await client.close();
    expect(clock.timers).toBe(0);
  });

  it('backs off while nobody answers, and asks seldom where it is refused', async () => {
    const { clock, link, target, client } = setUp();
    client.add(target);
    for (let i = 0; i < 3; i++) {
      link.end(503);
      await clock.advance(500 * 2 ** i);
    }
    expect(link.asked).toHaveLength(4);
    link.end(403);
    await clock.advance(590_000);
    expect(link.asked).toHaveLength(4);
    await clock.advance(20_000);
    expect(link.asked).toHaveLength(5);
    await client.close();
  });

  it('listens while it has a place, and goes on after what it took in last when it has one again', async () => {
    const place = new HandPlace();
    const { clock, link, target, client, state, hello } = setUp({}, place);
    client.add(target);
    await clock.advance(60_000);
    expect(link.asked).toEqual([]);
    place.give();
    expect(link.ages).toEqual([0]);
    hello();
    state(7, { pages: { ttlMs: 5 } });
    await clock.advance(1_000);
    place.take();
    await clock.advance(60_000);
    expect([link.asked, target.applied, link.reports.length]).toEqual([[undefined], [{ ttlMs: 5 }], 1]);
    place.give();
    expect([link.asked, link.ages]).toEqual([
      [undefined, '7'],
      [0, 61_000],
    ]);
    state(8, { pages: { ttlMs: 6 } });
    await clock.advance(1_000);
    expect([target.applied.at(-1), link.reports.at(-1)!.revision]).toEqual([{ ttlMs: 6 }, 8]);
    await client.close();
    expect([place.wanted, clock.timers]).toEqual([false, 0]);
  });

  it('asks no sooner than it was told to, however often it has a place anew', async () => {
    const place = new HandPlace();
    const { clock, link, target, client, problems } = setUp({}, place);
    client.add(target);
    place.give();
    link.end(403);
    await clock.advance(10_000);
    place.take();
    place.give();
    await clock.advance(280_000);
    expect([link.asked.length, problems.length]).toEqual([1, 1]);
    await clock.advance(310_000);
    expect(link.asked).toHaveLength(2);
    link.end(503, '20');
    await clock.advance(1_000);
    place.take();
    place.give();
    await clock.advance(18_000);
    expect(link.asked).toHaveLength(2);
    await clock.advance(21_000);
    expect(link.asked).toHaveLength(3);
    await client.close();
  });

  it('says what may be the cause when nobody answers, and of a stream that ends in the midst that it broke', async () => {
    const { clock, link, target, client, hello, problems } = setUp();
    client.add(target);
    link.fail();
    await clock.advance(500);
    expect(problems).toEqual([expect.stringMatching(/no network or no server.*its origin \(ALPERF_ORIGINS\)/)]);
    hello();
    link.fail();
    await clock.advance(500);
    expect(problems.slice(1)).toEqual(['The control channel broke; it is tried again.']);
    await client.close();
  });

  it('takes a silent stream for broken', async () => {
    const { clock, link, target, client, hello } = setUp();
    client.add(target);
    hello();
    await clock.advance(44_000);
    expect(link.asked).toHaveLength(1);
    await clock.advance(2_000);
    expect(link.asked).toHaveLength(2);
    await client.close();
  });

  it('applies the latest only, does not repeat itself, and gives back what is no longer desired', async () => {
    const { clock, target, changes, client, state, hello } = setUp();
    client.add(target);
    hello();
    state(1, { pages: { ttlMs: 1 } });
    state(3, { pages: { ttlMs: 3 } });
    state(2, { pages: { ttlMs: 2 } });
    await clock.advance(10);
    state(4, { pages: { ttlMs: 3 }, other: { ttlMs: 9 } });
    state(5, {});
    await clock.advance(10);
    expect(target.applied).toEqual([{ ttlMs: 3 }, {}]);
    expect(changes).toMatchObject([
      { change: 'settings', revision: 3, by: 'controller' },
      { change: 'settings', revision: 5 },
    ]);
    await client.close();
  });

  it('holds the bounds of the host itself, and applies nothing while it is switched off here or there', async () => {
    const { clock, link, target, client, state, hello } = setUp({ maxTtlMs: 10, operations: ['settings'] });
    client.add(target);
    hello();
    state(1, { pages: { ttlMs: 11 } });
    link.send('command', {
      id: 'c',
      revision: 2,
      cache: 'pages',
      operation: { do: 'clear' },
      dryRun: false,
      by: BY,
      issuedAt: clock.now(),
      validUntil: clock.now() + 1_000,
    });
    await clock.advance(1_000);
    expect([target.applied, target.ran]).toEqual([[], 0]);
    expect(link.reports.at(-1)).toMatchObject({
      revision: 1,
      caches: [{ refused: 'bounds' }],
      answers: [{ command: 'c', refused: 'not_allowed' }],
    });
    state(3, { pages: { ttlMs: 5 } }, false);
    await clock.advance(1_000);
    expect([client.on, client.revision, target.applied]).toEqual([false, 3, []]);
    state(4, { pages: { ttlMs: 5 } });
    await clock.advance(10);
    expect(target.applied).toEqual([{ ttlMs: 5 }]);
    client.enabled = false;
    state(5, { pages: { ttlMs: 6 } });
    await clock.advance(1_000);
    expect(target.applied).toHaveLength(1);
    await client.close();
  });

  it('applies what is within the bounds beside what is not, and tells of both', async () => {
    const { clock, link, target, changes, client, state, hello } = setUp({ maxTtlMs: 10 });
    client.add(target);
    hello();
    state(1, { pages: { ttlMs: 11 } });
    await clock.advance(1_000);
    state(2, { pages: { ttlMs: 11, paused: true } });
    await clock.advance(1_000);
    expect(target.applied).toEqual([{ paused: true }]);
    expect(changes).toMatchObject([{ change: 'settings', revision: 2, settings: { paused: true } }]);
    expect(link.reports.at(-1)).toMatchObject({
      revision: 2,
      caches: [{ refused: 'bounds', reason: 'ttlMs is 11; the host allows at most 10' }],
    });
    state(3, { pages: { ttlMs: 9, paused: true } });
    await clock.advance(1_000);
    expect(target.applied.at(-1)).toEqual({ ttlMs: 9, paused: true });
    expect(link.reports.at(-1)!.caches).toEqual([{ description: expect.anything() }]);
    await client.close();
  });

  it('looks at validity and switch when the turn of a command comes, and at a switch that is on again', async () => {
    const { clock, client, state, hello, command, answers } = aChannel();
    const target = new SlowTarget();
    client.add(target);
    hello();
    state(1, {});
    command('export');
    command('clear', 1_000);
    await clock.advance(1_500);
    target.end();
    await clock.advance(1_000);
    expect(answers()).toMatchObject([{ command: 'export' }, { command: 'clear', refused: 'expired' }]);
    command('import');
    await clock.advance(0);
    command('invalidate');
    command('verify');
    state(2_000, {}, false);
    state(2_001, {});
    command('warm');
    await clock.advance(10);
    target.end();
    await clock.advance(1_000);
    expect(target.begun).toEqual(['export', 'import', 'warm']);
    expect(answers().filter(({ refused }) => refused === 'switched_off')).toMatchObject([
      { command: 'invalidate' },
      { command: 'verify' },
    ]);
    target.end();
    await client.close();
  });

  it('has settings, and commands of other caches, go past an operation that takes long, which the switch ends', async () => {
    const { clock, link, changes, client, state, hello, command, answers } = aChannel();
    const [slow, other] = [new SlowTarget(), new SlowTarget({}, 'other')];
    client.add(slow);
    client.add(other);
    hello();
    state(1, { pages: { ttlMs: 1 } });
    command('import');
    command('clear');
    await clock.advance(10);
    state(2_000, { pages: { ttlMs: 2 } });
    command('warm', 60_000, 'other');
    await clock.advance(1_000);
    expect(slow.applied).toEqual([{ ttlMs: 1 }, { ttlMs: 2 }]);
    expect(link.reports.at(-1)).toMatchObject({ revision: 2_000 });
    expect([slow.begun, other.begun]).toEqual([['import'], ['warm']]);
    other.end({ entries: 7 });
    await clock.advance(1_000);
    expect(answers()).toMatchObject([{ command: 'warm', entries: 7 }]);
    expect(slow.signals[0]!.aborted).toBe(false);
    state(3_000, {}, false);
    expect(slow.signals[0]!.aborted).toBe(true);
    slow.end({ refused: 'switched_off', reason: 'It was ended.', entries: 3 });
    await clock.advance(1_000);
    expect(slow.begun).toEqual(['import']);
    expect(answers().slice(1)).toMatchObject([
      { command: 'import', refused: 'switched_off', entries: 3 },
      { command: 'clear', refused: 'switched_off' },
    ]);
    expect(changes).toMatchObject([
      { revision: 1 },
      { revision: 2_000 },
      { change: 'warmed', entries: 7 },
      { change: 'imported', entries: 3 },
    ]);
    state(4_000, {});
    command('verify');
    await clock.advance(10);
    client.enabled = false;
    expect(slow.signals[1]!.aborted).toBe(true);
    slow.end();
    client.enabled = true;
    hello();
    command('export');
    await clock.advance(10);
    const closed = client.close();
    expect(slow.signals[2]!.aborted).toBe(true);
    slow.end();
    await closed;
  });

  it('has what removes entries wait for no warm, and what came after both wait for both', async () => {
    const { clock, client, hello, command, answers } = aChannel();
    const slow = new SlowTarget();
    client.add(slow);
    hello();
    const given = ['export', 'warm', 'warm', 'invalidate', 'clear', 'pin', 'clear'] as const;
    for (const [i, what] of given.entries()) command(what, 60_000, 'pages', `${i} ${what}`);
    await clock.advance(10);
    expect(slow.begun).toEqual(['export']);
    const next = async (which?: number) => {
      slow.end({}, which);
      await clock.advance(10);
      return slow.begun.slice(-1);
    };
    await next();
    // A warm and the removals are two lines now.
    expect(slow.begun).toEqual(['export', 'invalidate', 'warm']);
    expect(await next()).toEqual(['clear']);
    await next(1);
    expect(slow.begun).toHaveLength(4);
    expect(await next()).toEqual(['warm']);
    expect(await next()).toEqual(['pin']);
    expect(await next()).toEqual(['clear']);
    await next();
    await clock.advance(1_000);
    expect(answers().map((one) => one.command)).toEqual([
      '0 export',
      '3 invalidate',
      '4 clear',
      '1 warm',
      '2 warm',
      '5 pin',
      '6 clear',
    ]);
    await client.close();
  });

  it('withdraws what was given before the switch was off, also when it hears of it when that is on again', async () => {
    const { clock, client, state, hello, command, answers } = aChannel();
    const slow = new SlowTarget();
    client.add(slow);
    hello();
    command('import');
    command('clear');
    command('clear', 60_000, 'third', 'of a cache that opens later');
    await clock.advance(10);
    state(1_005, {}, true, 1_004);
    command('verify', 60_000, 'pages', 'given after');
    expect(slow.signals[0]!.aborted).toBe(true);
    slow.end({ refused: 'switched_off', reason: 'It was ended.' });
    client.add(new SlowTarget({}, 'third'));
    await clock.advance(1_000);
    expect(slow.begun).toEqual(['import', 'verify']);
    expect(slow.signals[1]!.aborted).toBe(false);
    expect(answers().map(({ command: id, refused }) => [id, refused])).toEqual([
      ['of a cache that opens later', 'switched_off'],
      ['import', 'switched_off'],
      ['clear', 'switched_off'],
    ]);
    slow.end();
    await client.close();
  });

  it.each<[ControlOperation, OperationOutcome, string | undefined]>([
    [{ do: 'import' }, { entries: 3 }, 'imported'],
    [{ do: 'pin', key: 'k' }, { entries: 1 }, 'pinned'],
    [{ do: 'unpin', key: 'k' }, { entries: 1 }, 'unpinned'],
    [{ do: 'pin', key: 'k' }, { entries: 0 }, undefined],
    [{ do: 'verify', repair: true }, { entries: 2 }, 'repaired'],
    [{ do: 'verify', repair: true }, { entries: 0 }, undefined],
    [{ do: 'verify' }, { entries: 2 }, undefined],
    [{ do: 'inspect', key: 'k' }, { entries: 1 }, undefined],
    [{ do: 'clear' }, { entries: 0 }, 'cleared'],
    [{ do: 'import' }, { refused: 'failed', reason: 'It breaks off.', entries: 256 }, 'imported'],
    [{ do: 'import' }, { refused: 'failed', reason: 'There is none.' }, undefined],
  ])('tells of the operation %j with %j as %s', async (operation, outcome, change) => {
    const { clock, client, changes, hello, command } = aChannel();
    const target = new SlowTarget();
    client.add(target);
    hello();
    command(operation);
    await clock.advance(10);
    target.end(outcome);
    await clock.advance(10);
    expect(changes).toEqual(
      change === undefined
        ? []
        : [
            {
              cache: 'pages',
              change,
              by: 'controller',
              revision: 1_001,
              entries: (outcome as { entries: number }).entries,
            },
          ],
    );
    await client.close();
  });

  it('keeps what is to be removed from a cache that opens later, and says before it is over that none did', async () => {
    const { clock, client, state, hello, command, answers } = aChannel();
    client.add(new Target());
    hello();
    state(1, { other: { ttlMs: 1 } });
    command('clear', 60_000, 'other');
    command('invalidate', 10_000, 'other', 'short');
    command('clear', 60_000, 'third', 'third');
    // An export by a cache that was just opened would replace a good snapshot.
    command('export', 10_000, 'other');
    await clock.advance(7_000);
    expect(answers()).toMatchObject([{ command: 'export', refused: 'unknown_cache' }]);
    await clock.advance(2_500);
    expect(answers().slice(1)).toMatchObject([{ command: 'short', refused: 'unknown_cache' }]);
    const other = new SlowTarget({}, 'other');
    const remove = client.add(other);
    await clock.advance(10);
    expect([other.applied, other.begun]).toEqual([[{ ttlMs: 1 }], ['clear']]);
    // It closes while another one waits for its turn, and opens again.
    command('invalidate', 60_000, 'other');
    await clock.advance(10);
    remove();
    other.end();
    await clock.advance(10);
    client.add(other);
    await clock.advance(10);
    expect(other.begun).toEqual(['clear', 'invalidate']);
    other.end();
    await clock.advance(10);
    state(2_000, {}, false);
    await clock.advance(1_000);
    expect(answers().slice(2)).toMatchObject([
      { command: 'clear' },
      { command: 'invalidate' },
      { command: 'third', refused: 'switched_off' },
    ]);
    state(3_000, {});
    command('clear', 60_000, 'third');
    await clock.advance(10);
    await client.close();
    expect(clock.timers).toBe(0);
  });

  it('keeps no more such commands than an API would send', async () => {
    const { clock, client, hello, command, answers } = aChannel();
    client.add(new Target());
    hello();
    for (let i = 0; i < 65; i++) command('clear', 60_000, `other${i}`, `clear ${i}`);
    await clock.advance(1_000);
    expect(answers()).toMatchObject([{ command: 'clear 64', refused: 'unknown_cache' }]);
    await client.close();
  });

  it('takes a state in of which one cache makes nothing, for the others', async () => {
    const { clock, link, client, state, hello } = aChannel();
    const [first, second] = [new Target(), new Target({}, 'other')];
    let fails = false;
    first.describe = () => {
      const thrown = fails;
      fails = false;
      if (thrown) throw new Error('a secret key');
      return { cache: 'pages', tiers: [], settings: {} };
    };
    client.add(first);
    client.add(second);
    hello();
    const caches = { pages: { tiers: { memory: null } }, other: { ttlMs: 2 } };
    state(5, caches as unknown as Record<string, ControlSettings>);
    await clock.advance(1_000);
    expect([second.applied, client.revision]).toEqual([[{ ttlMs: 2 }], 5]);
    fails = true;
    state(6, { pages: { ttlMs: 1 }, other: { ttlMs: 3 } });
    await clock.advance(1_000);
    expect([second.applied.length, client.revision]).toEqual([2, 6]);
    expect(link.reports.at(-1)!.caches).toMatchObject([{ refused: 'failed' }, { description: { cache: 'other' } }]);
    await client.close();
  });

  it('answers that a cache failed without its message, and sends an answer again until it is taken', async () => {
    const { clock, link, target, client, state, hello } = setUp();
    client.add(target);
    hello();
    state(1, {});
    link.reportStatus = 503;
    link.send('command', {
      id: 'c',
      revision: 2,
      cache: 'pages',
      operation: { do: 'pin', key: 'k' },
      dryRun: false,
      by: BY,
      issuedAt: clock.now(),
      validUntil: clock.now() + 60_000,
    });
    await clock.advance(2_000);
    link.reportStatus = 204;
    await clock.advance(5_000);
    const sent = link.reports.filter(({ answers }) => answers!.length > 0);
    expect(sent.length).toBeGreaterThan(1);
    expect(sent.at(-1)!.answers).toEqual([{ command: 'c', refused: 'failed', reason: 'The cache failed at it.' }]);
    const before = link.reports.length;
    await clock.advance(60_000);
    expect(link.reports).toHaveLength(before);
    await client.close();
  });
});
