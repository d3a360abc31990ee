import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/processes.js';

const ROOT = join(import.meta.dirname, '../..');
const RUN_BESIDE_THEIR_CODE = ['histogram', 'sampling', 'telemetry'];

interface Example {
  /** All of what it prints. */
  readonly prints: RegExp;
  /** For programs that run until they are told to end: SIGTERM once they print this. */
  readonly endWhen?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const [port] = await freePorts(1);
const EXAMPLES: Readonly<Record<string, Example>> = {
  alerting: { prints: /^0 inactive pending\n60000 pending firing\n$/ },
  cache: { prints: /^100 1\n32000\n1\nfalse\n0\.90\n$/ },
  'cache-policies': { prints: /^\[ 22, 33, 44 \]\nlru 3\n0\.992\n$/ },
  clickhouse: { prints: /^\[ \{ hits: '?0'? \} \]\n$/ },
  contracts: {
    prints:
      /^1 \[\n? *\{\s+index: 1,\s+pointer: '\/events\/1\/tier',\s+reason: 'must be a text, not a number'\s+\}\n?\s*\]\n$/,
  },
  'event-log': { prints: /^0n hello\n$/ },
  promql: { prints: /^3 0\n$/ },
  metrics: {
    prints:
      /^counter service,cache,tier,version,platform,result\nhits,stale_hits,misses,negative_hits,errors\n\[\s+'cache_windows 3 d',\s+'cache_10s 7 d',\s+'cache_1m 30 d',\s+'cache_1h 730 d'\s+\]\nload_duration_seconds \[ 'cache_requests_total' \]\n\[ 'web_vitals_cls' \]\nRequests served\. 1\n$/,
  },
  operations: {
    prints: /^\{.*"Listens\.".*\}\n\{.*"Shutting down\.".*\}\n/,
    endWhen: 'Listens.',
    env: { ALPERF_HTTP_PORT: String(port) },
  },
  'state-store': { prints: /^true false\nFENCED\n$/ },
  time: { prints: /^2\nfalse\ntrue\n$/ },
};

/** Runs the first example of a README as it stands, on the built product, in a directory of its own. */
async function run(lib: string, { endWhen, env }: Example): Promise<string> {
  const code = /```ts\n([\s\S]*?)```/.exec(readme(lib))![1]!;
  const directory = mkdtempSync(join(tmpdir(), 'alperf-readme-'));
  try {
    for (const name of ['node_modules', 'dist', 'package.json']) symlinkSync(join(ROOT, name), join(directory, name));
    writeFileSync(join(directory, 'example.mts'), code);
    const child = spawn(process.execPath, ['--no-warnings', 'example.mts'], {
      cwd: directory,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    let failed = '';
    child.stderr.on('data', (part: Buffer) => (failed += part.toString()));
    child.stdout.on('data', (part: Buffer) => {
      const heard = endWhen !== undefined && printed.includes(endWhen);
      printed += part.toString();
      // Once: a second signal ends it at once, as killed.
      if (!heard && endWhen !== undefined && printed.includes(endWhen)) child.kill('SIGTERM');
    });
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect({ exitCode, failed }).toEqual({ exitCode: 0, failed: '' });
    return printed;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readme(lib: string): string {
  const path = join(ROOT, 'libs', lib, 'README.md');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

describe('The READMEs of the libs', () => {
  it('are there, each on one screen and with an example that a test runs', () => {
    const libs = readdirSync(join(ROOT, 'libs'));
    expect(libs.filter((lib) => !readme(lib).includes('```ts'))).toEqual([]);
    expect(libs.filter((lib) => readme(lib).split('\n').length > 70)).toEqual([]);
    expect([...Object.keys(EXAMPLES), ...RUN_BESIDE_THEIR_CODE].sort()).toEqual(libs.sort());
  });

  it.each(Object.entries(EXAMPLES))('run as they stand: %s', async (lib, example) => {
    expect(await run(lib, example)).toMatch(example.prints);
  });
});
