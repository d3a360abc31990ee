import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { startStandalone, type Standalone } from '#apps/standalone';
import { describeInBrowser, openChromium } from './chromium.js';

describeInBrowser('The page in a real browser', () => {
  const instance = randomUUID();
  let directory: string;
  let standalone: Standalone;
  let context: BrowserContext;
  let closeBrowser: () => Promise<void>;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alperf-page-'));
    standalone = await startStandalone({ dataDir: join(directory, 'data'), httpPort: 0, sqlPort: 0 });
    ({ context, close: closeBrowser } = await openChromium());
    page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(standalone.url);
  }, 60_000);

  afterAll(async () => {
    await closeBrowser?.();
    await standalone?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  /** Posts one window of a cache. */
  async function post(sequence: number, hits: number, misses: number): Promise<void> {
    const end = Math.floor(Date.now() / 1_000) * 1_000;
    const window = { kind: 'cache.window', end, windowMs: 1_000, cache: 'covers', tier: 'memory' };
    const response = await fetch(`${standalone.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema: 1,
        emitter: { service: 'browser-test', instance, version: '1' },
        sequence,
        sentAt: Date.now(),
        events: [{ ...window, requests: { hit: hits, miss: misses } }],
      }),
    });
    expect(response.status).toBe(202);
  }

  const figure = (panel: string, label: string) => page.locator(`.${panel} dl > div`, { hasText: label }).locator('dd');

  it('says what to type next while nothing has come', async () => {
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Nothing has come yet' }).waitFor();
    const commands = await page.locator('.command code').allTextContents();
    expect(commands[0]).toMatch(/^npm run --silent alperf -- replay .*--endpoint http:\/\/127\.0\.0\.1:/);
    expect(commands[1]).toContain(`curl ${standalone.url}/v1/events`);
  });

  it('shows what was posted, by itself', async () => {
    await post(0, 70, 30);
    await figure('cache', 'Hits').getByText('70', { exact: true }).waitFor({ timeout: 20_000 });
    await figure('cache', 'Misses').getByText('30', { exact: true }).waitFor();
    await page.locator('.cache .big', { hasText: '70.00%' }).waitFor();
    await page.getByRole('heading', { name: 'Nothing has come yet' }).waitFor({ state: 'detached' });
    await post(1, 5, 0);
    await figure('cache', 'Hits').getByText('75', { exact: true }).waitFor({ timeout: 20_000 });
    // Nothing fires: there is no room for alerts either.
    expect(await page.getByRole('alert').count()).toBe(0);
  }, 60_000);

  it('does not scroll sideways on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    await page.screenshot({ path: join(directory, 'narrow.png'), fullPage: true });
    await page.setViewportSize({ width: 1_100, height: 820 });
    await page.screenshot({ path: join(directory, 'wide.png'), fullPage: true });
  });

  it('says that the connection is lost, and keeps what it knew', async () => {
    await standalone.stop();
    await page.getByText('Connection lost').first().waitFor({ timeout: 20_000 });
    await page.getByRole('button', { name: 'Try now' }).waitFor();
    expect(await figure('cache', 'Hits').textContent()).toBe('75');
  }, 60_000);

  it('broke no rule of its own policy and threw no error', () => {
    // A server that went away is a failed request, told as such by the browser.
    expect(complaints.filter((one) => !/net::ERR_|Failed to load resource/.test(one))).toEqual([]);
  });
});
