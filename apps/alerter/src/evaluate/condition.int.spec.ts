import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouseRowReader } from '#libs/clickhouse';
import { databaseForEach } from '#libs/clickhouse/testing';
import { EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { FakeClock } from '#libs/time/testing';
import { PipelineWatch } from './condition.js';

const clock = new FakeClock();
const database = databaseForEach(clock);
let path: string;
let log: EmbeddedEventLog;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'alperf-condition-'));
  log = await EmbeddedEventLog.open({ path, clock, random: () => 0 });
  await log.ensureTopic(EVENTS_TOPIC, { partitions: 1 });
});
afterEach(async () => {
  await log.close();
  rmSync(path, { recursive: true });
});

it('counts all dead letters at the pace that their number allows, not at every look', async () => {
  let counted = 0;
  /** The engine, on which a count of all letters takes a second. */
  class SlowLetters extends ClickHouseRowReader {
    override async rows<Row>(...asked: Parameters<ClickHouseRowReader['rows']>): Promise<Row[]> {
      const found = await super.rows<Row>(...asked);
      if (asked[0].includes('FROM dead_letters') && asked[1]?.['since'] === 0) {
        counted++;
        await clock.advance(1_000);
      }
      return found;
    }
  }
  const watch = new PipelineWatch(clock, log, new SlowLetters(database()), 3_000);
  for (let looks = 0; looks < 10; looks++) {
    expect((await watch.look()).database.ok).toBe(true);
    await clock.advance(3_000);
  }
  // The first, one a second later, which is the measure, and one 20 s after that.
  expect(counted).toBe(3);
}, 60_000);
