import { afterEach, beforeEach } from '@jest/globals';
import type { Clock } from '#libs/time';
import { ClickHouse } from '../clickhouse.js';
import { migrate } from '../migrate.js';
import { TestEngine } from './test-engine.js';

/** A database with all its tables for each test of a file, on an engine of its own. @returns that of the test that runs. */
export function databaseForEach(clock: Clock): () => ClickHouse {
  let engine: TestEngine | undefined;
  let clickhouse: ClickHouse | undefined;
  beforeEach(async () => {
    engine = await TestEngine.start();
    clickhouse = new ClickHouse(engine);
    await migrate(clickhouse, clock);
  }, 60_000);
  afterEach(async () => {
    await clickhouse?.close();
    await engine?.stop();
    clickhouse = engine = undefined;
  }, 60_000);
  return () => {
    if (clickhouse === undefined) throw new Error('The database is there only while tests run.');
    return clickhouse;
  };
}
