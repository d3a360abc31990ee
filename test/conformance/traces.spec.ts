import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, ProductProcess } from '../support/processes.js';
import { reportOf } from '../support/replay-report.js';

const TRACES = join(import.meta.dirname, '../../../shared/traces');
/** Each replay waits a while until its last window is over and stored. */
const AT_ONCE = 3;
/** Traces of no more requests go through memory and disk as well: the disk is asked for each that memory lacks, which takes its time. */
const MOST_WITH_DISK = 100_000;
const DISK_MAX_BYTES = 4_000_000;

describe('The traces of real caches', () => {
  if (!existsSync(TRACES)) {
    it.skip('replays every trace at hand: there is no folder shared/traces beside the checkout', () => undefined);
    return;
  }
  let folder: string;
  let url: string;
  const started: ProductProcess[] = [];
  const launch = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const launched = new ProductProcess(program, args, env);
    started.push(launched);
    return launched;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-traces-'));
    const [http, sql] = await freePorts(2);
    url = `http://127.0.0.1:${http}`;
    await launch('apps/standalone/src/main.js', [], {
      ALPERF_HTTP_PORT: String(http),
      ALPERF_SQL_PORT: String(sql),
      ALPERF_DATA_DIR: join(folder, 'data'),
    }).ready(url);
  }, 60_000);

  afterAll(async () => {
    await Promise.all(started.map((one) => one.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('replays every trace at hand: what was emitted is what is stored', async () => {
    const traces = readdirSync(TRACES).filter((name) => /\.(txt|csv|tsv)(\.gz)?$/.test(name));
    expect(traces).not.toEqual([]);
    const waiting = traces.map((name) => ({ name, disk: false }));
    const replayAll = async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const { name, disk } = one;
        const args = ['replay', join(TRACES, name), '--size', '10%', '--endpoint', url, '--json'];
        const path = join(folder, name);
        if (disk) args.push('--tier', 'memory,disk', '--disk-path', path, '--disk-max-bytes', String(DISK_MAX_BYTES));
        const { stored, emitted, tiers, equal } = await reportOf(launch('apps/cli/src/main.js', args));
        const through = tiers.map(({ tier }) => tier).join(' and ');
        process.stderr.write(`${name} through ${through}: ${stored.requests} of ${emitted.requests} stored.\n`);
        expect([name, through, equal]).toEqual([name, disk ? 'memory and disk' : 'memory', true]);
        if (!disk && emitted.requests <= MOST_WITH_DISK) waiting.push({ name, disk: true });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, replayAll));
  }, 300_000);
});
