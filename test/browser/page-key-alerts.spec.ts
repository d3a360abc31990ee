import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { startStandalone, type Standalone } from '#apps/standalone';
import { createKey } from '#libs/operations';
import { describeInBrowser, openChromium } from './chromium.js';

describeInBrowser('The page of a server that needs a key', () => {
  const key = createKey({ id: 'browser', scopes: ['read', 'write'] });
  let directory: string;
  let standalone: Standalone;
  let context: BrowserContext;
  let closeBrowser: () => Promise<void>;
  let page: Page;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alperf-page-'));
    const keysFile = join(directory, 'keys.yaml');
    await writeFile(keysFile, JSON.stringify({ keys: [key.entry] }));
    standalone = await startStandalone({
      dataDir: join(directory, 'data'),
      httpPort: 0,
      sqlPort: 0,
      keysFile,
      alertIntervalMs: 500,
      alertForMs: 0,
    });
    ({ context, close: closeBrowser } = await openChromium());
    page = await context.newPage();
    await page.goto(standalone.url);
  }, 60_000);

  afterAll(async () => {
    await closeBrowser?.();
    await standalone?.stop();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const postBroken = async () => {
    const response = await fetch(`${standalone.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key.text}` },
      body: JSON.stringify({
        schema: 1,
        emitter: { service: 'browser-test', instance: randomUUID(), version: '1' },
        sequence: 0,
        sentAt: Date.now(),
        events: [{ kind: 'metric' }],
      }),
    });
    expect(response.status).toBe(202);
  };

  it('asks for the key, and shows nothing that it cannot know', async () => {
    await page.getByText('Key needed', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'This server needs a key' }).waitFor();
    expect(await page.locator('main > *').count()).toBe(1);
    expect(await page.locator('footer').count()).toBe(0);
  });

  it('shows the pipeline for the key, and asks for the alerts with it', async () => {
    await page.getByRole('textbox', { name: 'Key' }).fill(key.text);
    const asked = page.waitForResponse((response) => response.url().endsWith('/api/v1/alerts') && response.ok());
    await page.getByRole('button', { name: 'Show the pipeline' }).click();
    await page.getByRole('region', { name: 'The pipeline now' }).waitFor();
    await asked;
  });

  it('shows an alert above everything else while it fires, by name, severity, summary, description, runbook and since when', async () => {
    await postBroken();
    const alert = page.getByRole('alert', { name: 'Alerts that fire' });
    const one = alert.getByRole('listitem').filter({ hasText: 'PipelineDeadLettersArriving' });
    await one.waitFor({ timeout: 30_000 });
    await one.getByText('warning', { exact: true }).waitFor();
    await one.getByText('1 event was not accepted in the last 10 minutes.').waitFor();
    await one.getByText('By cause: rejected 1.').waitFor();
    await page.locator('.audit .hint code').getByText(`dead-letters list --endpoint ${standalone.url}`).waitFor();
    const opened = context.waitForEvent('page');
    await one.getByRole('link', { name: 'docs/runbooks/PipelineDeadLettersArriving.md', exact: true }).click();
    const runbook = await opened;
    await runbook.getByText('# PipelineDeadLettersArriving').waitFor();
    await runbook.close();
    expect(Date.parse((await one.locator('time').getAttribute('datetime'))!)).toBeLessThanOrEqual(Date.now());
    expect(await page.locator('main > :first-child').getAttribute('role')).toBe('alert');
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  }, 60_000);
});
