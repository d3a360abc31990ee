import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { chromium, type BrowserContext } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(
    ' ',
  );
const REMEDY = 'Chromium is missing: apt-get install chromium';

/** A browser of its own, with an empty profile that `close` removes. */
export async function openChromium(): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  if (CHROMIUM === undefined) throw new Error(REMEDY);
  const profile = await mkdtemp(join(tmpdir(), 'alperf-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Without Chromium the tests are skipped by name, except in CI, where they fail. */
export const describeInBrowser: (name: string, tests: () => void) => void =
  CHROMIUM !== undefined || process.env['CI'] === 'true'
    ? describe
    : (name, tests) => describe.skip(`${name} (${REMEDY})`, tests);
