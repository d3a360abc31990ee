import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { startStandalone, type Standalone } from '#apps/standalone';
import type { InstancesAnswer } from '#libs/contracts';
import { browserBundle } from '#libs/telemetry/testing';
import { ask } from '../../apps/api/src/control/testing/ask.js';
import { until } from '../support/processes.js';
import { describeInBrowser, openChromium } from './chromium.js';
import { CONTROLLED_HTML, DOORS, type ControlledPage } from './controlled-page.js';
import { servePage, type PageServer } from './telemetry-page.js';

const TABS = 8;
/** As many tabs of one origin listen at the same time. */
const PLACES = 2;

describeInBrowser('Tabs of an app whose caches are controlled, in a real browser', () => {
  let directory: string;
  let server: PageServer;
  let other: PageServer;
  let standalone: Standalone;
  let context: BrowserContext;
  let closeBrowser: () => Promise<void>;
  let tabs: Page[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alperf-controlled-'));
    const bundle = await browserBundle(DOORS);
    [server, other] = [await servePage(bundle, CONTROLLED_HTML), await servePage(bundle, CONTROLLED_HTML)];
    standalone = await startStandalone({
      dataDir: join(directory, 'data'),
      httpPort: 0,
      sqlPort: 0,
      origins: [server.origin],
    });
    ({ context, close: closeBrowser } = await openChromium());
  }, 90_000);

  afterAll(async () => {
    await closeBrowser?.();
    await standalone?.stop();
    await server?.stop();
    await other?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  beforeEach(() => {
    tabs = [];
  });

  afterEach(async () => {
    for (const tab of tabs) await tab.close();
  });

  async function open(service: string, origin = server.origin): Promise<Page> {
    const tab = await context.newPage();
    tabs.push(tab);
    await tab.goto(origin);
    await tab.waitForFunction(() => document.title === 'Ready');
    await tab.evaluate(
      ({ endpoint, service }) => {
        const here = window as unknown as ControlledPage;
        here.telemetry = here.createTelemetry({
          service,
          version: '1',
          endpoint,
          flushIntervalMs: 200,
          control: here.remoteControl({ endpoint }),
          onError: ({ message }) => here.problems.push(message),
        });
        here.pages = here.createCache<string, string>({
          name: 'pages',
          tiers: [here.memory({ maxEntries: 100 })],
          telemetry: here.telemetry,
        });
      },
      { endpoint: standalone.url, service },
    );
    return tab;
  }

  /** A page under a debugger is always visible, so the document is told; what follows from that is the page's own. */
  const show = (tab: Page, state: 'hidden' | 'visible') =>
    tab.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);

  const limit = (tab: Page) =>
    tab.evaluate(() => (window as unknown as ControlledPage).pages.stats().tiers[0]!.maxEntries);

  const instance = (tab: Page) => tab.evaluate(() => (window as unknown as ControlledPage).telemetry.instance);

  const control = (service: string) => `${standalone.url}/v1/control/services/${service}`;

  /** The tabs that listen now, as the API sees them. */
  async function listening(service: string): Promise<Page[]> {
    const { json } = await ask<InstancesAnswer>(`${control(service)}/instances`);
    const connected = new Set(json.instances.flatMap((one) => (one.connected ? [one.instance] : [])));
    const open = tabs.filter((tab) => !tab.isClosed());
    const ids = await Promise.all(open.map(instance));
    return open.filter((_, i) => connected.has(ids[i]!));
  }

  async function listeners(service: string, count: number): Promise<Page[]> {
    let now: Page[] = [];
    await until(
      async () => (now = await listening(service)).length === count,
      20_000,
      () => `${now.length} of ${count} tabs listen`,
    );
    return now;
  }

  async function desire(service: string, maxEntries: number): Promise<void> {
    const at = `${control(service)}/caches/pages/settings/all`;
    const { etag } = await ask(at);
    const { status } = await ask(
      at,
      'PUT',
      { tiers: { memory: { maxEntries } } },
      etag === undefined ? {} : { 'if-match': etag },
    );
    expect(status).toBeLessThan(300);
  }

  const reaches = (tab: Page, maxEntries: number) =>
    until(
      async () => (await limit(tab)) === maxEntries,
      20_000,
      () => `${maxEntries} entries are in force in the tab`,
    );

  it('have their telemetry arrive and their requests answered, and each takes over from one that closes', async () => {
    for (let i = 0; i < TABS; i++) await open('eight');
    let [first, second] = await listeners('eight', PLACES);
    for (const tab of tabs)
      await tab.evaluate(() => {
        const { telemetry } = window as unknown as ControlledPage;
        telemetry.cache('pages').change({ change: 'cleared', by: 'host', entries: 1 });
      });
    const asked = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(
          async (url) => (await fetch(url, { signal: AbortSignal.timeout(10_000) })).status,
          `${control('eight')}/instances`,
        ),
      ),
    );
    expect(asked).toEqual(Array.from({ length: TABS }, () => 200));
    for (const tab of tabs)
      await until(
        () => tab.evaluate(() => (window as unknown as ControlledPage).telemetry.stats().accepted > 0),
        20_000,
        () => 'the telemetry of the tab has arrived',
      );

    await desire('eight', 90);
    await Promise.all([reaches(first!, 90), reaches(second!, 90)]);
    const without = tabs.filter((tab) => tab !== first && tab !== second);
    expect(await Promise.all(without.map(limit))).toEqual(without.map(() => 100));
    await Promise.all([first!.close(), second!.close()]);
    [first, second] = await listeners('eight', PLACES);
    await Promise.all([reaches(first!, 90), reaches(second!, 90)]);
    const problems = await Promise.all(
      without.map((tab) => tab.evaluate(() => (window as unknown as ControlledPage).problems)),
    );
    expect(problems.flat()).toEqual([]);
  }, 120_000);

  it('listen while they are visible, and take in the latest when they are seen again', async () => {
    const seen = await open('seen');
    const [, waiting, hidden] = [await listeners('seen', 1), await open('seen'), await open('seen')];
    const holders = await listeners('seen', PLACES);
    expect(holders).toContain(seen);
    const [last] = [waiting, hidden].filter((tab) => !holders.includes(tab));
    await show(seen, 'hidden');
    await until(
      async () => (await listening('seen')).includes(last!),
      20_000,
      () => 'the tab without a place takes that of a hidden one',
    );
    await desire('seen', 80);
    await reaches(last!, 80);
    expect(await limit(seen)).toBe(100);
    await last!.close();
    await show(seen, 'visible');
    await reaches(seen, 80);
    await show(seen, 'hidden');
    await listeners('seen', 1);
    await desire('seen', 70);
    await reaches((await listeners('seen', 1))[0]!, 70);
    expect(await limit(seen)).toBe(80);
    await show(seen, 'visible');
    await reaches(seen, 70);
  }, 120_000);

  it('are told what may be the cause when the API does not allow their origin', async () => {
    const tab = await open('elsewhere', other.origin);
    await tab.waitForFunction(() =>
      (window as unknown as ControlledPage).problems.some((message) => message.includes('ALPERF_ORIGINS')),
    );
  });
});
