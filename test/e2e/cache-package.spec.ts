import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '../..');
const resolved = createRequire(import.meta.url).resolve;
const run = promisify(execFile);

const PAGE = `
import { createCache, memory } from '@allibrary/cache';
const covers = createCache({ name: 'covers', tiers: [memory({ maxEntries: 10 })], loader: async (key) => key.length });
document.title = String(await covers.getOrLoad('walden'));
`;

const BUILDER = `
import { build } from 'VITE';
await build({ configFile: false, logLevel: 'error', build: { modulePreload: false } });
`;

const TWO_RUNS = `
import { createCache, memory } from '@allibrary/cache';
import { disk } from '@allibrary/cache/disk';
for (const run of [1, 2]) {
  const cache = createCache({ name: 'covers', tiers: [memory({ maxEntries: 10 }), disk({ path: 'covers', maxBytes: 2 ** 20 })] });
  await cache.ready();
  console.log(run, await cache.getOrLoad('walden', async () => run));
  await cache.close();
}
`;

describe('The package @allibrary/cache', () => {
  let folder: string;
  let installed: string;

  /** As in another project: no settings of this one, and a home without a cache. */
  const elsewhere = () => ({
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, npm_config_cache: join(folder, '.npm') },
  });
  const runFile = async (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return (await run(process.execPath, ['--no-warnings', name], elsewhere())).stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-cache-package-'));
    installed = join(folder, 'node_modules', '@allibrary', 'cache');
    const { stdout } = await run(process.execPath, [join(ROOT, 'scripts/pack-libraries.mjs'), 'cache', folder], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    writeFileSync(join(folder, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }');
    const tarball = stdout.trim().split('\n').at(-1)!;
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], elsewhere());
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const readme = () => readFileSync(join(installed, 'README.md'), 'utf8');
  const example = () => /```ts\n([\s\S]*?)```/.exec(readme())![1]!;

  it('is installed without a network and without another package, and its README names nothing that only this repository has', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@allibrary']);
    expect(readme()).not.toMatch(/#libs|\]\(\.\.|docs\/|npm run/);
    expect(example()).toContain("from '@allibrary/cache'");
  });

  it('runs the example of its README', async () => {
    expect(await runFile('example.mts', example())).toBe('100 1\n32000\n1\nfalse\n0.01\n');
  });

  it('has declarations that a strict compiler reads and that tell right from wrong', async () => {
    const doors = "import '@allibrary/cache/disk';\nimport '@allibrary/cache/testing';\n";
    writeFileSync(join(folder, 'right.mts'), `${example()}\n${doors}`);
    writeFileSync(
      join(folder, 'wrong.mts'),
      example().replace("ttl: '1h'", "ttl: 'soon'").replace('bytes: width', 'byte: width'),
    );
    const strict = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    const args = [resolved('typescript/bin/tsc'), ...strict, ...types, 'right.mts', 'wrong.mts'];
    const said = await run(process.execPath, args, elsewhere()).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(said.split('\n').filter((line) => line.includes('error TS'))).toEqual([
      expect.stringMatching(/^wrong\.mts.*'"soon"' is not assignable to type/),
      expect.stringMatching(/^wrong\.mts.*'byte' does not exist in type 'Cover'/),
    ]);
  }, 120_000);

  it('builds in Vite into a page without Node, as small as the README says', async () => {
    writeFileSync(join(folder, 'page.js'), PAGE);
    writeFileSync(join(folder, 'index.html'), '<script type="module" src="/page.js"></script>');
    await runFile('build.mjs', BUILDER.replace('VITE', `file://${resolved('vite')}`));
    const files = readdirSync(join(folder, 'dist/assets')).filter((name) => name.endsWith('.js'));
    const code = files.map((name) => readFileSync(join(folder, 'dist/assets', name), 'utf8')).join('');
    expect(code).not.toMatch(/(?:from|import)\s*["'`]node:|\brequire\(|\bBuffer\b/);
    const kilobytes = gzipSync(code).length / 1_000;
    const said = Number(/is about (\d+) KB minified and gzipped/.exec(readme())![1]);
    expect(Math.abs(kilobytes - said)).toBeLessThan(1.5);
  }, 60_000);

  it('finds on disk what an earlier run left there, with lmdb beside it, and says what it lacks without', async () => {
    await expect(runFile('disk.mjs', TWO_RUNS)).rejects.toThrow(/Cannot find package 'lmdb'/);
    symlinkSync(join(ROOT, 'node_modules/lmdb'), join(folder, 'node_modules/lmdb'));
    expect(await runFile('disk.mjs', TWO_RUNS)).toBe('1 1\n2 1\n');
  });
});
