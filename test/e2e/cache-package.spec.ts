import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describeInBrowser, openChromium } from '../browser/chromium.js';

const ROOT = join(import.meta.dirname, '../..');
const resolved = createRequire(import.meta.url).resolve;
const run = promisify(execFile);

/** Peers that doors need, and types of schemas: none of them comes with the package. */
const PEERS = ['@nestjs', '@redis', '@standard-schema', 'fast-check', 'lmdb', 'reflect-metadata', 'rxjs', 'solid-js'];

/** Words that only the code for control from afar has. */
const OF_CONTROL = 'The host has named no place for snapshots';

const PAGE = `
import { createCache, memory } from '@allibrary/cache';
const covers = createCache({ name: 'covers', tiers: [memory({ maxEntries: 10 })], loader: async (key) => key.length });
document.title = String(await covers.getOrLoad('walden'));
`;

const SOLID_PAGE = `
import { createEffect, createRoot } from 'solid-js';
import { createCache, memory } from '@allibrary/cache';
import { createCachedResource } from '@allibrary/cache/solid';
const covers = createCache({ name: 'covers', tiers: [memory({ maxEntries: 10 })], loader: async (key) => key.length });
createRoot(() => {
  const [length] = createCachedResource(() => 'walden', covers);
  createEffect(() => { document.title = String(length()); });
});
window.write = (value) => covers.set('walden', value);
`;

const BUILDER = `
import { build } from 'VITE';
const config = { configFile: false, logLevel: 'error' };
const external = (id) => /^node:/.test(id) || PEERS.some((peer) => id === peer || id.startsWith(peer + '/'));
const PEERS = ${JSON.stringify(PEERS)};
if (process.argv[2] === 'page') await build({ ...config, build: { modulePreload: false } });
else for (const door of process.argv.slice(2))
  await build({
    ...config,
    build: {
      outDir: 'doors/' + door,
      modulePreload: false,
      rolldownOptions: { input: 'door-' + door + '.js', external, preserveEntrySignatures: 'strict', output: { format: 'es' } },
    },
  });
`;

const NEST_CODE = `
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Cache } from '@allibrary/cache';
import { memory } from '@allibrary/cache';
import { Cached, CacheModule, cacheToken } from '@allibrary/cache/nest';

@Injectable()
export class Covers {
  asked = 0;
  @Cached({ cache: 'covers', tags: (id: string) => [id] })
  async find(id: string, width?: number): Promise<string> {
    this.asked++;
    return id + String(width);
  }
}

@Module({
  imports: [CacheModule.forRoot({ caches: [{ name: 'covers', tiers: [memory({ maxEntries: 10 })] }] })],
  providers: [Covers],
})
export class Library {}

const app = await NestFactory.createApplicationContext(Library, { logger: false });
const covers = app.get(Covers);
await Promise.all([covers.find('a', 1), covers.find('a', 1)]);
console.log(await covers.find('a', 1), covers.asked, app.get<Cache<string, string>>(cacheToken('covers')).stats().gets);
await app.close();
`;

/** What the guide's examples are about, and take for granted. */
const OF_GUIDE = `
import { Injectable } from '@nestjs/common';
import { CacheManager, createCache, memory, type CacheKey } from '@allibrary/cache';
import { Cached, CacheModule, InvalidatesTag } from '@allibrary/cache/nest';
import { memoryPressure } from '@allibrary/cache/node';
import { createCachedResource } from '@allibrary/cache/solid';
type Cover = Uint8Array;
declare const [id, bytes, props]: [string, Uint8Array, { id: string }];
declare const loadCover: (id: CacheKey) => Promise<Cover>;
`;

const SCHEMA_CODE = `
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { createCache, memory } from '@allibrary/cache';
declare const schema: StandardSchemaV1<unknown, { a: number }>;
createCache<string, { a: number }>({ name: 'covers', tiers: [memory({ maxEntries: 10 })], schema });
`;

const SOLID_CODE = `
import { createCache, memory } from '@allibrary/cache';
import { createCachedResource } from '@allibrary/cache/solid';
const cache = createCache<string, number>({ name: 'covers', tiers: [memory({ maxEntries: 10 })] });
const [value, { mutate }] = createCachedResource(() => 'a', cache, async (key) => key.length);
export const length: number | undefined = value();
await mutate(1);
`;

const KIT_CODE = `
import { createCache, memory } from '@allibrary/cache';
import { createOrigin, expectCounts, expectNoStampede, FakeClock, tierContract } from '@allibrary/cache/testing';
const clock = new FakeClock();
const origin = createOrigin({ values: { a: 'A' }, latency: 10, clock });
const cache = createCache<string, string>({ name: 'covers', tiers: [memory({ maxEntries: 10 })], clock });
const asked = Array.from({ length: 9 }, () => cache.getOrLoad('a', origin.load));
await clock.advance(10);
await Promise.all(asked);
expectNoStampede(origin);
expectCounts(cache, { loads: 1, joined: 8 });
console.log(origin.calls.length, typeof tierContract);
`;

const CONTRACT = `
import { describe, it } from 'node:test';
import { memory } from '@allibrary/cache';
import { tierContract } from '@allibrary/cache/testing';
const forgets = (tier) => Object.assign(tier, { get: async () => undefined });
const make = async () => ({ tier: (limits) => (process.argv[2] === 'broken' ? forgets(memory(limits)) : memory(limits)) });
tierContract('Memory', make, {}, { describe, it });
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
  const install = async (library: string) => {
    const { stdout } = await run(process.execPath, [join(ROOT, 'scripts/pack-libraries.mjs'), library, folder], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const tarball = stdout.trim().split('\n').at(-1)!;
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], elsewhere());
  };
  const runFile = async (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return (await run(process.execPath, ['--no-warnings', name], elsewhere())).stdout;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-cache-package-'));
    installed = join(folder, 'node_modules', '@allibrary', 'cache');
    writeFileSync(join(folder, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }');
    await install('cache');
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const readme = () => readFileSync(join(installed, 'README.md'), 'utf8');
  const example = () => /```ts\n([\s\S]*?)```/.exec(readme())![1]!;

  it('is installed without a network and without another package, and its README names nothing that only this repository has', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@allibrary']);
    expect(readme()).not.toMatch(/#libs|\]\(\.\.|docs\/|npm run/);
    expect(example()).toContain("from '@allibrary/cache'");
  });

  it('has the guide that its README names, whose links lead to what is there', () => {
    const guide = readFileSync(join(installed, 'GUIDE.md'), 'utf8');
    expect(readme()).toContain('[the guide](GUIDE.md)');
    expect(guide).toContain('From `@allibrary/cache/testing`');
    expect(guide.replaceAll('](README.md)', '')).not.toMatch(/#libs|\]\(\.\.|\.md\b|docs\/|npm run|AlLibrary/);
    const anchors = [...guide.matchAll(/^## (.+)$/gm)].map(
      ([, title]) => `#${title!.toLowerCase().replaceAll(' ', '-')}`,
    );
    for (const [, target] of `${readme()}\n${guide}`.matchAll(/\]\(([^)]+)\)/g))
      expect(target!.startsWith('#') ? anchors.includes(target!) : existsSync(join(installed, target!))).toBe(true);
  });

  it('has tables in columns', () => {
    const rows = readme()
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(rows.map(({ length }) => length)).size).toBe(1);
  });

  it('runs the example of its README', async () => {
    expect(await runFile('example.mts', example())).toBe('100 1\n32000\n1\nfalse\n0.90\n');
  });

  it('gives tests its kit, without a package beside it', async () => {
    expect(await runFile('kit.mts', KIT_CODE)).toBe('1 function\n');
  });

  it('says what the disk door lacks', async () => {
    await expect(runFile('disk.mjs', TWO_RUNS)).rejects.toThrow(/Cannot find package 'lmdb'/);
  });

  describe('with the packages beside it that its doors need', () => {
    const compile = async (...files: readonly string[]) => {
      const strict = [
        '--strict',
        '--exactOptionalPropertyTypes',
        '--skipLibCheck',
        'false',
        '--target',
        'es2024',
        '--module',
        'nodenext',
      ];
      const legacy = ['--experimentalDecorators', '--emitDecoratorMetadata', '--rewriteRelativeImportExtensions'];
      const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
      const args = [resolved('typescript/bin/tsc'), ...strict, ...legacy, ...types, ...files];
      const { stdout } = await run(process.execPath, args, elsewhere()).catch((error: { stdout: string }) => error);
      return stdout.split('\n').filter((line) => line.includes('error TS'));
    };

    beforeAll(async () => {
      await install('telemetry');
      for (const peer of PEERS) symlinkSync(join(ROOT, 'node_modules', peer), join(folder, 'node_modules', peer));
      writeFileSync(join(folder, 'build.mjs'), BUILDER.replace('VITE', `file://${resolved('vite')}`));
    }, 120_000);

    const bundle = (...args: readonly string[]) => run(process.execPath, ['build.mjs', ...args], elsewhere());
    const scriptsIn = (path: string) =>
      readdirSync(join(folder, path))
        .filter((name) => name.endsWith('.js'))
        .map((name) => readFileSync(join(folder, path, name), 'utf8'));

    it('has declarations that a strict compiler reads, all of each door, and that tell right from wrong', async () => {
      const doors = ['disk', 'redis', 'node', 'testing'].map((door) => `import '@allibrary/cache/${door}';\n`).join('');
      writeFileSync(join(folder, 'right.mts'), `${example()}\n${doors}`);
      writeFileSync(join(folder, 'nest.mts'), NEST_CODE);
      writeFileSync(join(folder, 'solid.mts'), SOLID_CODE);
      writeFileSync(
        join(folder, 'wrong.mts'),
        example().replace("ttl: '1h'", "ttl: 'soon'").replace('bytes: width', 'byte: width'),
      );
      writeFileSync(
        join(folder, 'wrong-key.mts'),
        NEST_CODE.replace('(id: string) => [id]', '(id: number) => [String(id)]'),
      );
      expect(await compile('right.mts', 'nest.mts', 'solid.mts', 'wrong.mts', 'wrong-key.mts')).toEqual([
        expect.stringMatching(/^wrong-key\.mts.*method decorator/),
        expect.stringMatching(/^wrong\.mts.*'"soon"' is not assignable to type/),
        expect.stringMatching(/^wrong\.mts.*'byte' does not exist in type 'Cover'/),
      ]);
    }, 120_000);

    it('has a guide whose examples a strict compiler reads', async () => {
      const guide = readFileSync(join(installed, 'GUIDE.md'), 'utf8');
      const blocks = [...guide.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([block]) =>
        block.replaceAll(/^ {4}/gm, ''),
      );
      const parts = blocks.flatMap((one) => one.split('\n\n'));
      const methods = parts.filter((one) => one.startsWith('@'));
      const page = blocks.filter((one) => one.includes("'@allibrary/telemetry'"));
      const others = parts.filter((one) => !methods.includes(one) && !page.some((whole) => whole.includes(one)));
      expect([methods, page, others].map(({ length }) => length)).toEqual([2, 1, 4]);
      const members = methods.join('\n').replaceAll('{ … }', '{ throw new Error(); }');
      writeFileSync(
        join(folder, 'guide.mts'),
        `${OF_GUIDE}${others.join('\n')}\n@Injectable() export class Covers {${members}}`,
      );
      writeFileSync(
        join(folder, 'in-a-page.mts'),
        `import { createCache, memory } from '@allibrary/cache';\n${page[0]}`,
      );
      writeFileSync(join(folder, 'schema.mts'), SCHEMA_CODE);
      expect(await compile('guide.mts', 'in-a-page.mts', 'schema.mts')).toEqual([]);
    }, 60_000);

    it('runs in a Nest app', async () => {
      const { stdout } = await run(process.execPath, ['--no-warnings', 'nest.mjs'], elsewhere());
      expect(stdout).toBe('a1 1 3\n');
    });

    it('finds on disk what an earlier run left there', async () => {
      expect(await runFile('disk.mjs', TWO_RUNS)).toBe('1 1\n2 1\n');
    });

    it('holds a tier to its contract under node:test, and fails one that breaks it', async () => {
      expect(await runFile('contract.mjs', CONTRACT)).toMatch(/\bpass \d{2,}\n.* fail 0\n/);
      await expect(run(process.execPath, ['contract.mjs', 'broken'], elsewhere())).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/ fail [1-9]/),
      });
    });

    it('is as small as its README says, each door by itself', async () => {
      const said = [...readme().matchAll(/^\| `@allibrary\/cache(?:\/(\w+))?` .*\| (\d+) +\|$/gm)];
      const sizes = new Map(said.map(([, door = 'index', kilobytes]) => [door, Number(kilobytes)]));
      expect([...sizes.keys()]).toEqual(['index', 'disk', 'redis', 'node', 'nest', 'solid', 'testing']);
      for (const door of sizes.keys())
        writeFileSync(
          join(folder, `door-${door}.js`),
          `export * from '@allibrary/cache${door === 'index' ? '' : `/${door}`}';\n`,
        );
      await bundle(...sizes.keys());
      const measured = Object.fromEntries(
        Array.from(sizes, ([door, kilobytes]) => {
          // Control is loaded where telemetry has it, and never else.
          const scripts = scriptsIn(`doors/${door}/assets`).filter((code) => !code.includes(OF_CONTROL));
          const size = gzipSync(scripts.join('')).length / 1_000;
          return [door, Math.abs(size - kilobytes) <= 1.5 ? kilobytes : size];
        }),
      );
      expect(measured).toEqual(Object.fromEntries(sizes));
      const [control] = scriptsIn('doors/index/assets').filter((code) => code.includes(OF_CONTROL));
      expect(readme()).toContain('5 more are loaded where telemetry has control');
      expect(Math.round(gzipSync(control!).length / 1_000)).toBe(5);
    }, 60_000);

    describeInBrowser('in a page that Vite builds', () => {
      const show = async (script: string, use: (page: Page) => Promise<void>) => {
        writeFileSync(join(folder, 'page.js'), script);
        writeFileSync(join(folder, 'index.html'), '<script type="module" src="/page.js"></script>');
        await bundle('page');
        expect(scriptsIn('dist/assets').join('')).not.toMatch(/(?:from|import)\s*["'`]node:|\brequire\(|\bBuffer\b/);
        const server = createServer((request, response) => {
          const path = request.url === '/' ? '/index.html' : request.url!;
          response.setHeader('content-type', path.endsWith('.js') ? 'text/javascript' : 'text/html');
          response.end(existsSync(join(folder, 'dist', path)) ? readFileSync(join(folder, 'dist', path)) : '');
        });
        await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens));
        const { context, close } = await openChromium();
        try {
          const page = await context.newPage();
          const errors: string[] = [];
          page.on('pageerror', (error) => errors.push(error.message));
          await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
          await use(page);
          expect(errors).toEqual([]);
        } finally {
          await close();
          server.close();
          server.closeAllConnections();
        }
      };

      it(
        'runs without Node',
        () =>
          show(PAGE, async (page) => {
            await page.waitForFunction(() => document.title === '6');
            const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
            const carries = (code: string) => code.includes(OF_CONTROL);
            expect(scriptsIn('dist/assets').filter(carries)).toHaveLength(1);
            const names = loaded.filter((name) => name.endsWith('.js')).map((name) => new URL(name).pathname);
            expect(names.length).toBeGreaterThan(0);
            const codes = names.map((name) => readFileSync(join(folder, 'dist', name), 'utf8'));
            expect(codes.filter(carries)).toEqual([]);
          }),
        60_000,
      );

      it(
        'shows in Solid what it loads, and what is written later',
        () =>
          show(SOLID_PAGE, async (page) => {
            await page.waitForFunction(() => document.title === '6');
            await page.evaluate('write(7)');
            await page.waitForFunction(() => document.title === '7');
          }),
        60_000,
      );
    });
  });
});
