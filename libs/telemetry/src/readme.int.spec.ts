import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RecordingCollector, sourceHooks } from './testing/index.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** Runs the example of a README as it stands, in a directory of its own. */
async function runExample(lib: string, change: (code: string) => string = (code) => code): Promise<void> {
  const readme = await readFile(join(root, 'libs', lib, 'README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const directory = await mkdtemp(join(tmpdir(), 'readme-'));
  try {
    await mkdir(join(directory, 'data'));
    await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      imports: Record<string, { source: string }>;
    };
    const doors = Object.fromEntries(
      Object.entries(manifest.imports).map(([door, { source }]) => [door, join(root, source)]),
    );
    await writeFile(join(directory, 'hooks.mjs'), sourceHooks(doors));
    await writeFile(join(directory, 'example.mts'), change(code));
    await promisify(execFile)(
      process.execPath,
      [
        '--no-warnings',
        '--conditions=source',
        '--experimental-transform-types',
        '--import',
        './hooks.mjs',
        'example.mts',
      ],
      { cwd: directory, env: { ...process.env, NODE_OPTIONS: '' }, timeout: 30_000 },
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('The examples of the READMEs', () => {
  it('run: histogram', async () => {
    await expect(runExample('histogram')).resolves.toBeUndefined();
  });

  it('run: sampling', async () => {
    await expect(runExample('sampling')).resolves.toBeUndefined();
  });

  it('run: telemetry, and a collector has what the example says', async () => {
    const collector = await RecordingCollector.start();
    try {
      await runExample('telemetry', (code) => code.replace('http://127.0.0.1:8080', collector.endpoint));
      expect(new Set(collector.events.map(({ kind }) => kind))).toEqual(
        new Set(['cache.access', 'cache.window', 'load.finished', 'metric']),
      );
      const window = collector.events.find((event) => event.kind === 'cache.window');
      expect(window).toMatchObject({ requests: { hit: 1, miss: 1 }, loads: 1, entries: 1 });
    } finally {
      await collector.stop();
    }
  }, 60_000);
});
