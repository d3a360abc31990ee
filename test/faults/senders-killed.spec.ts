import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { databaseForEach } from '#libs/clickhouse/testing';
import { decodeHeaders, type Batch } from '#libs/contracts';
import { EventLogError } from '#libs/event-log';
import { createTelemetry } from '#libs/telemetry/node';
import { SystemClock } from '#libs/time';
import { addTo, expectExact, makeTraffic, noTotals, untilCounted } from '#test/support';
import { RunningCollector } from '../../apps/collector/src/testing/running-collector.js';
import { withAppend } from '../../apps/collector/src/testing/with-append.js';
import { AggregatorHere } from './aggregator-here.js';
import { built } from './built.js';
import { QUICK_AGGREGATOR } from './timing.js';

const clock = new SystemClock();
const KILLS = 3;
const config = { partitions: QUICK_AGGREGATOR.partitions };

let folder: string;
const database = databaseForEach(clock);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alperf-senders-killed-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('a collector that is killed between append and answer loses and doubles nothing: what is sent again counts once', async () => {
  const startMs = clock.now() - 1_200_000;
  const { batches, totals } = makeTraffic({ seed: 70, batches: 12, startMs, spanMs: 120_000 });
  const log = join(folder, 'log');
  for (let kill = 0; kill < KILLS; kill++) {
    const child = built('apps/collector/src/testing/dies-after-append.js');
    const dying = fork(child, [log, String(config.partitions)], { execArgv: [], silent: true });
    const exit = once(dying, 'exit');
    const early = exit.then(() => {
      throw new Error('The collector ended before it listened.');
    });
    const [{ port }] = (await Promise.race([once(dying, 'message'), early])) as [{ port: number }];
    early.catch(() => undefined);
    expect(await statusOfPost(port, batches[kill]!)).toBeUndefined();
    expect(await exit).toEqual([null, 'SIGKILL']);
  }
  const collector = await RunningCollector.start({ folder: log, config });
  expect(await collector.records()).toHaveLength(KILLS);
  const aggregator = await AggregatorHere.start(collector.log, database(), clock);
  for (const batch of batches) expect(await statusOfPost(collector.port, batch)).toBe(202);
  expect(await collector.records()).toHaveLength(KILLS + batches.length);
  await untilCounted(collector.log, database(), clock);
  await expectExact(database(), totals);
  await aggregator.expectAudited(database());
  await aggregator.stop();
  await collector.stop();
}, 120_000);

it('an emitter with a spool that is killed and started again loses nothing from the spool on, and nothing counts twice', async () => {
  let appends = 0;
  let failing = true;
  const collector = await RunningCollector.start({
    config,
    wrapLog: (log) =>
      withAppend(log, async (append) => {
        const positions = await append();
        // It has them, and says it does not: the emitter that is killed has in its spool what counts already.
        if (failing && appends++ % 2 === 1) throw new EventLogError('LOG_UNAVAILABLE', 'The answer was lost.', true);
        return positions;
      }),
  });
  const endpoint = `http://127.0.0.1:${collector.port}`;
  const spool = join(folder, 'spool');
  const aggregator = await AggregatorHere.start(collector.log, database(), clock);
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const emitter = fork(built('test/faults/children/emits.js'), [endpoint, spool], { execArgv: [], silent: true });
    let said: { accepted: number; retries: number; spoolBytes: number };
    do [said] = (await once(emitter, 'message')) as [typeof said];
    while (said.accepted === 0 || said.retries === 0 || said.spoolBytes === 0);
    emitter.kill('SIGKILL');
    await once(emitter, 'exit');
    acknowledged += said.accepted;
  }
  failing = false;
  const last = createTelemetry({ service: 'reader', version: '1.0.0', endpoint, spool });
  expect(await last.shutdown({ deadlineMs: 60_000 })).toBe(true);
  expect(last.stats().dropped).toEqual({});

  // What was emitted for good is what stands in the log, each identity once.
  const emitted = noTotals();
  const identities = new Set<string>();
  const records = await collector.records();
  for (const { key, value, headers } of records) {
    const identity = `${key}/${decodeHeaders(headers).sequence}`;
    if (identities.has(identity)) continue;
    identities.add(identity);
    emitted.batches++;
    const { events } = JSON.parse(zstdDecompressSync(value).toString()) as Batch;
    for (const event of events) addTo(emitted, event);
  }
  expect(identities.size).toBeLessThan(records.length);
  expect(emitted.events).toBeGreaterThanOrEqual(acknowledged);
  await untilCounted(collector.log, database(), clock);
  await expectExact(database(), emitted);
  await aggregator.expectAudited(database());
  // A killed process may lose what was in no batch yet: the youngest, never one in the middle.
  const numbered = await database().query<{ loads: string | number; highest: string | number }>(
    'SELECT uniqExact(bytes) AS loads, max(bytes) AS highest FROM load_events FINAL GROUP BY instance',
  );
  // One that was killed while it still sent what an earlier one had left may not have had a batch of its own.
  expect(numbered.length).toBeGreaterThan(0);
  expect(numbered.length).toBeLessThanOrEqual(KILLS);
  for (const { loads, highest } of numbered) expect(Number(loads)).toBe(Number(highest) + 1);
  await aggregator.stop();
  await collector.stop();
}, 120_000);

/** Status of the answer to a batch, undefined when there was none. */
function statusOfPost(port: number, batch: Batch): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request({ host: '127.0.0.1', port, path: '/v1/events', method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', () => resolve(undefined));
    sent.end(JSON.stringify(batch));
  });
}
