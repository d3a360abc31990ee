import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page, Route } from 'playwright-core';
import { startStandalone, type Standalone } from '#apps/standalone';
import { createKey } from '#libs/operations';
import { browserBundle } from '#libs/telemetry/testing';
import { askSql, freePorts, until } from '../support/processes.js';
import { describeInBrowser, openChromium } from './chromium.js';
import { servePage, type PageOptions, type PageServer, type TelemetryPage } from './telemetry-page.js';

const EVENTS = '**/v1/events';

describeInBrowser('Telemetry in a real browser, to a collector of another origin that wants a key', () => {
  const writer = createKey({ id: 'page', scopes: ['write'] });
  const reader = createKey({ id: 'reader', scopes: ['read'] });
  let directory: string;
  let server: PageServer;
  let standalone: Standalone;
  let context: BrowserContext;
  let closeBrowser: () => Promise<void>;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alperf-telemetry-'));
    const keysFile = join(directory, 'keys.yaml');
    await writeFile(keysFile, JSON.stringify({ keys: [writer.entry, reader.entry] }));
    server = await servePage(await browserBundle());
    standalone = await startStandalone({
      dataDir: join(directory, 'data'),
      httpPort: 0,
      sqlPort: 0,
      keysFile,
      origins: [server.origin],
      maxLabelValues: 10_000,
    });
    ({ context, close: closeBrowser } = await openChromium());
  }, 90_000);

  afterAll(async () => {
    await closeBrowser?.();
    await standalone?.stop();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  beforeEach(async () => {
    complaints = [];
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(server.origin);
    await page.waitForFunction(() => document.title === 'Ready');
  });

  afterEach(async () => {
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await page.close();
    expect(complaints).toEqual([]);
  });

  async function start(service: string, options: Partial<PageOptions> = {}): Promise<void> {
    await page.evaluate(
      (all) => {
        const here = window as unknown as TelemetryPage;
        here.telemetry = here.createTelemetry(all);
      },
      {
        service,
        version: '1',
        endpoint: standalone.url,
        key: writer.text,
        windowMs: 1_000 as const,
        flushIntervalMs: 200,
        ...options,
      },
    );
  }

  /** Counts one for each of `labels`; each is an event of its own when its window closes. */
  const count = (labels: readonly string[]) =>
    page.evaluate((values) => {
      const { telemetry } = window as unknown as TelemetryPage;
      const opened = telemetry.metric('opened_total', { type: 'counter', labels: ['format'], maxLabelSets: 100_000 });
      for (const format of values) opened.with({ format }).add();
    }, labels);

  /** Records events that wait for no window: each is in the queue at once. */
  const change = (events: number) =>
    page.evaluate((times) => {
      const cache = (window as unknown as TelemetryPage).telemetry.cache('pages');
      for (let i = 0; i < times; i++) cache.change({ change: 'cleared', by: 'host', entries: i });
    }, events);

  const stats = () => page.evaluate(() => (window as unknown as TelemetryPage).telemetry.stats());
  const sent = () => page.evaluate(() => (window as unknown as TelemetryPage).sent);
  const idle = async () => {
    const { queued, unacknowledgedBatches } = await stats();
    return queued + unacknowledgedBatches === 0;
  };
  const beaconsOfAPageGone = async (): Promise<TelemetryPage['sent']['beacons']> =>
    JSON.parse(await page.evaluate(() => localStorage.getItem('beacons') ?? '[]')) as TelemetryPage['sent']['beacons'];

  /**
   * Hidden, or seen again. A page under a debugger is always visible, so the document is told; what follows from that is
   * the browser's own.
   */
  const setVisibility = (state: 'hidden' | 'visible') =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);

  const one = async (sql: string): Promise<number> => {
    const [row] = await askSql<{ n: number | string }>(standalone.sqlUrl, sql, reader.text);
    return Number(row!.n);
  };
  const counted = (service: string) => one(`SELECT sum(value) AS n FROM metric_events WHERE service = '${service}'`);
  const changes = (service: string) => one(`SELECT count() AS n FROM cache_changes WHERE service = '${service}'`);
  const announced = (service: string) =>
    one(`SELECT sum(arraySum(mapValues(dropped))) AS n FROM batches WHERE service = '${service}'`);
  /** Records that the aggregator knew already, so that they counted nothing. */
  async function resends(): Promise<number> {
    const response = await fetch(`${standalone.url}/metrics`, { headers: { authorization: `Bearer ${reader.text}` } });
    const text = await response.text();
    const line = text.split('\n').find((one) => one.startsWith('aggregator_records_total') && one.includes('"resend"'));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  /** Waits until the figure has come, then until what comes later would have shown. */
  async function settlesAt(figure: () => Promise<number>, expected: number): Promise<void> {
    let last = NaN;
    await until(
      async () => (last = await figure()) >= expected,
      20_000,
      () => `${last} of ${expected} are stored`,
    );
    expect(await figure()).toBe(expected);
  }

  it('brings what was counted to the database once, by fetch with keepalive and the key in a header', async () => {
    await start('web');
    await count(['pdf', 'epub', 'Тест', 'pdf']);
    await until(
      async () => (await stats()).accepted >= 3,
      10_000,
      () => 'the window is acknowledged',
    );
    await until(idle, 10_000, () => 'all is acknowledged');
    await settlesAt(() => counted('web'), 4);
    const { fetches, beacons } = await sent();
    expect(beacons).toEqual([]);
    for (const { keepalive, authorization } of fetches)
      expect([keepalive, authorization]).toEqual([true, `Bearer ${writer.text}`]);
    expect(await stats()).toMatchObject({ dropped: {}, rejected: 0, errors: 0 });
  });

  it.each([
    ['navigated away', () => page.goto(`${server.origin}/away`)],
    ['closed', () => page.close({ runBeforeUnload: true })],
  ])('hands what is queued to a beacon when the page is %s, and that is counted once', async (how, leave) => {
    const service = `leaving-${how.replace(' ', '-')}`;
    await start(service, { windowMs: 10_000, flushIntervalMs: 60_000 });
    await count(['pdf', 'epub', '電子書籍']);
    await change(5);
    expect(await sent()).toMatchObject({ fetches: [], beacons: [] });
    await leave();
    await settlesAt(() => counted(service), 3);
    await settlesAt(() => changes(service), 5);
    if (page.isClosed()) {
      page = await context.newPage();
      await page.goto(`${server.origin}/away`);
    }
    const beacons = await beaconsOfAPageGone();
    // Once, although a page that goes is hidden first: the browser has it already.
    expect(beacons).toMatchObject([{ type: 'text/plain', taken: true }]);
    expect(await one(`SELECT count() AS n FROM batches WHERE service = '${service}'`)).toBe(1);
  });

  it('sends a beacon again under its identity when the page is seen again, and both are counted once', async () => {
    await start('seen-again', { windowMs: 10_000, flushIntervalMs: 60_000 });
    await count(['pdf', 'epub']);
    const before = await resends();
    await setVisibility('hidden');
    await settlesAt(() => counted('seen-again'), 2);
    expect((await stats()).unacknowledgedBatches).toBe(1);
    await setVisibility('visible');
    await until(idle, 10_000, () => 'the batch is acknowledged');
    expect(await stats()).toMatchObject({ accepted: 2, dropped: {} });
    expect(await sent()).toMatchObject({ fetches: [{ keepalive: true }], beacons: [{ taken: true }] });
    await until(
      async () => (await resends()) > before,
      10_000,
      () => 'the resend is seen as one',
    );
    expect(await counted('seen-again')).toBe(2);
  });

  it('sends again what arrived without its acknowledgement, and it is counted once', async () => {
    let lost = 0;
    await context.route(EVENTS, async (route: Route) => {
      if (route.request().method() === 'POST' && lost++ === 0) {
        await route.fetch();
        await route.abort('connectionreset');
      } else await route.continue();
    });
    await start('unanswered');
    await count(['pdf', 'epub']);
    await until(
      async () => (await stats()).accepted >= 2,
      20_000,
      () => 'the batch is acknowledged',
    );
    expect(lost).toBeGreaterThan(1);
    expect((await stats()).retries).toBeGreaterThan(0);
    await settlesAt(() => counted('unanswered'), 2);
  });

  it('has at most 60,000 bytes in flight, counted in bytes, and loses nothing of more than that', async () => {
    const held: Route[] = [];
    let hold = true;
    await context.route(EVENTS, (route: Route) => {
      if (hold) held.push(route);
      else void route.continue();
    });
    await start('large');
    // 2 bytes a character, and no two alike: neither a count of characters nor compression hides them.
    const label = (i: number) =>
      Array.from({ length: 200 }, (_, j) => String.fromCodePoint(0x430 + ((i * 7 + j * j * (i + 3)) % 32))).join('');
    const labels = Array.from({ length: 600 }, (_, i) => `${i}${label(i)}`);
    await count(labels);
    await until(
      () => held.length > 0,
      10_000,
      () => 'a request is on its way',
    );
    await count(labels);
    await setVisibility('hidden');
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    const { mostInFlight, beacons } = await sent();
    expect(beacons.filter(({ taken }) => taken).length).toBeGreaterThan(0);
    expect(beacons.every(({ taken }) => taken)).toBe(true);
    expect(mostInFlight).toBeLessThanOrEqual(60_000);
    expect(mostInFlight).toBeGreaterThan(40_000);
    hold = false;
    for (const route of held) await route.continue();
    await setVisibility('visible');
    await until(idle, 30_000, () => 'all is acknowledged');
    const all = await sent();
    expect(all.mostInFlight).toBeLessThanOrEqual(60_000);
    expect(all.fetches.length).toBeGreaterThan(5);
    await settlesAt(() => counted('large'), 2 * labels.length);
  }, 90_000);

  it('loses nothing of an offline time that it has room for, and sends it as soon as the network is back', async () => {
    await start('offline');
    await count(['pdf']);
    await until(
      async () => (await stats()).accepted === 1,
      10_000,
      () => 'the first is acknowledged',
    );
    await context.setOffline(true);
    try {
      for (let round = 0; round < 4; round++) {
        await count(['pdf', 'epub']);
        const { accepted, queued, unacknowledgedBatches } = await stats();
        expect(accepted).toBe(1);
        await until(
          async () => {
            const now = await stats();
            return now.queued + now.unacknowledgedBatches > queued + unacknowledgedBatches;
          },
          10_000,
          () => 'a window closes offline',
        );
      }
    } finally {
      await context.setOffline(false);
    }
    await until(idle, 20_000, () => 'all is acknowledged');
    expect(await stats()).toMatchObject({ dropped: {} });
    await settlesAt(() => counted('offline'), 9);
  }, 90_000);

  it('counts and announces what it has no room for while offline', async () => {
    await start('full', { maxBufferBytes: 20_000, maxBatchEvents: 50 });
    await context.setOffline(true);
    try {
      for (let i = 0; i < 10; i++) await change(100);
    } finally {
      await context.setOffline(false);
    }
    await until(idle, 20_000, () => 'all is acknowledged');
    const { dropped, accepted } = await stats();
    expect(dropped.buffer_full).toBeGreaterThan(0);
    expect(accepted + dropped.buffer_full!).toBe(1_000);
    await settlesAt(() => changes('full'), accepted);
    // Announced by a batch, of events or empty.
    await settlesAt(() => announced('full'), dropped.buffer_full!);
  }, 60_000);

  it('throws nothing into the page when nobody answers, or the page itself is no collector', async () => {
    const [port] = await freePorts(1);
    for (const endpoint of [`http://127.0.0.1:${port}`, '']) {
      await start('nobody', { endpoint });
      await count(['pdf']);
      await change(1);
      await setVisibility('hidden');
      await setVisibility('visible');
      await until(
        async () => (await stats()).errors > 0,
        10_000,
        () => `${endpoint} fails`,
      );
      expect(
        await page.evaluate(() => (window as unknown as TelemetryPage).telemetry.shutdown({ deadlineMs: 200 })),
      ).toBe(false);
    }
    expect(await page.evaluate(() => document.title)).toBe('Ready');
  });

  it('is not created for an address that is none, and the page is told so at once', async () => {
    for (const endpoint of ['http://', 'nowhere:'])
      await expect(start('nobody', { endpoint })).rejects.toThrow(
        `TypeError: Telemetry cannot be created: the collector's endpoint "${endpoint}" is not`,
      );
  });
});
