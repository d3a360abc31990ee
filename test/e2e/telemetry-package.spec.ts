import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RecordingCollector } from '#libs/telemetry/testing';

const ROOT = join(import.meta.dirname, '../..');
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const run = promisify(execFile);

describe('The package @allibrary/telemetry', () => {
  let folder: string;
  let installed: string;

  /** As in another project: no settings of this one, and a home without a cache. */
  const elsewhere = () => ({
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, npm_config_cache: join(folder, '.npm') },
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-package-'));
    installed = join(folder, 'node_modules', '@allibrary', 'telemetry');
    const { stdout } = await run(process.execPath, [join(ROOT, 'scripts/pack-libraries.mjs'), 'telemetry', folder], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    writeFileSync(join(folder, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }');
    const tarball = stdout.trim().split('\n').at(-1)!;
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], elsewhere());
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const readme = () => readFileSync(join(installed, 'README.md'), 'utf8');
  const example = () => /```ts\n([\s\S]*?)```/.exec(readme())![1]!;

  it('is installed without a network and without another package, and its README names nothing that only this repository has', () => {
    expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@allibrary']);
    expect(readme()).not.toMatch(/#libs|telemetry\/testing|\]\(\.\.|docs\/|npm run/);
    // What was left out leaves no gap before the sentence's end.
    expect(readme()).not.toMatch(/\s[.,;](\s|$)/m);
    // What led out of the package is left out, not left as a word that leads nowhere.
    expect(readme()).toMatch(
      /\*\*Control\*\* of caches from afar: Node has it; .*`control: remoteControl\(\{ endpoint \}\)`\.$/m,
    );
    expect(example()).toContain("from '@allibrary/telemetry/node'");
  });

  it('runs the example of its README, and a collector has what the example says', async () => {
    const collector = await RecordingCollector.start();
    try {
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'example.mts'), example().replace('http://127.0.0.1:8080', collector.endpoint));
      await run(process.execPath, ['--no-warnings', 'example.mts'], elsewhere());
      expect(new Set(collector.events.map(({ kind }) => kind))).toEqual(
        new Set(['cache.access', 'cache.window', 'load.finished', 'metric']),
      );
      expect(collector.events.find(({ kind }) => kind === 'cache.window')).toMatchObject({
        requests: { hit: 1, miss: 1 },
        loads: 1,
      });
    } finally {
      await collector.stop();
    }
  });

  it('has declarations that a strict compiler reads and that tell right from wrong', async () => {
    writeFileSync(
      join(folder, 'right.mts'),
      `${example()}\nimport '@allibrary/telemetry';\nimport '@allibrary/telemetry/browser';\n`,
    );
    const wrong = example().replace("outcome: 'ok'", 'outcome: 7').replace("tier: 'memory'", 'tiers: 1');
    writeFileSync(join(folder, 'wrong.mts'), wrong);
    const strict = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
    const compiled = run(process.execPath, [TSC, ...strict, 'right.mts', 'wrong.mts'], elsewhere());
    const said = await compiled.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(said.split('\n').filter((line) => line.includes('error TS'))).toEqual([
      expect.stringMatching(/^wrong\.mts.*'tiers' does not exist in type 'CacheOptions'/),
      expect.stringMatching(/^wrong\.mts.*'number' is not assignable to type '"failed"/),
    ]);
  }, 60_000);

  it('keeps Node out of what a page loads', async () => {
    const loaded = new Set<string>();
    const follow = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const code = readFileSync(join(installed, file), 'utf8');
      expect(code).not.toMatch(/['"]node:|\brequire\(|\bprocess\.|\bBuffer\b/);
      for (const [, next] of code.matchAll(/(?:from|import)\s*['"]\.\/([^'"]+)['"]/g)) follow(next!);
    };
    follow('browser.js');
    expect([...loaded].map((file) => readFileSync(join(installed, file), 'utf8')).join('')).toContain('sendBeacon');
  });
});
