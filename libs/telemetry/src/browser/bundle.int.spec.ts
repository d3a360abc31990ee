import { describe, expect, it, jest } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { browserBundle } from '../testing/browser-bundle.js';

jest.setTimeout(60_000);

describe('The browser door', () => {
  it('bundles for a page without anything of Node, and stays small', async () => {
    const code = await browserBundle();
    expect(code).toContain('sendBeacon');
    expect(code).not.toMatch(/node:|\brequire\(|\bprocess\.|\bBuffer\b|__vite-browser-external|typebox/);
    const gzipKB = gzipSync(code).length / 1_000;
    expect(gzipKB).toBeLessThan(15);
  });
});
