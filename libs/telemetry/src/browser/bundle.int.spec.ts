import { describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

jest.setTimeout(60_000);
const root = join(import.meta.dirname, '..', '..', '..', '..');

describe('The browser door', () => {
  it('bundles for a page without anything of Node, and stays small', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
    try {
      const config = join(directory, 'vite.config.mjs');
      const out = join(directory, 'out');
      await writeFile(
        config,
        `export default {
          root: ${JSON.stringify(root)}, configFile: false, logLevel: 'warn',
          resolve: { conditions: ['source', 'module', 'browser', 'production'] },
          build: {
            outDir: ${JSON.stringify(out)}, emptyOutDir: true, target: 'es2022',
            lib: { entry: ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}, formats: ['es'], fileName: 'telemetry' },
          },
        };`,
      );
      const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
      await promisify(execFile)(process.execPath, [vite, 'build', '--config', config], {
        cwd: root,
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const files = await readdir(out);
      const code = (await Promise.all(files.map((file) => readFile(join(out, file), 'utf8')))).join('\n');
      expect(code).toContain('sendBeacon');
      expect(code).not.toMatch(/node:|\brequire\(|\bprocess\.|\bBuffer\b|__vite-browser-external|typebox/);
      const gzipKB = gzipSync(code).length / 1_000;
      expect(gzipKB).toBeLessThan(15);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
