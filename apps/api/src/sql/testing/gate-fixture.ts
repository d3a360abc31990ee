import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { SystemClock } from '#libs/time';
import { SqlGate, type SqlGateOptions } from '../sql-gate.js';

/** Stands where people must not come: in a file, and in a table of another database. */
export const SECRET = 'correct-horse-battery-staple';

/** A gate before a real engine that holds a small table of the project's, and secrets beside it. */
export class GateFixture {
  private constructor(
    readonly engine: TestEngine,
    /** Whoever runs the pipeline: may do anything. */
    readonly owner: ClickHouseClient,
    readonly gate: SqlGate,
    /** A directory with `secret.csv`; queries must not write here. */
    readonly directory: string,
  ) {}

  static async start(options: Partial<SqlGateOptions> = {}): Promise<GateFixture> {
    const engine = await startTestEngine();
    const { url, username, password } = engine;
    const owner = createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } });
    for (const query of [
      'CREATE DATABASE alperf',
      "CREATE TABLE alperf.windows (cache LowCardinality(String), time DateTime64(3, 'UTC'), hits UInt64, bins Map(Int16, UInt64), version UInt64) ENGINE = ReplacingMergeTree(version) ORDER BY (cache, time)",
      "INSERT INTO alperf.windows SELECT 'covers', toDateTime64(1795500000 + number, 3, 'UTC'), number, map(1::Int16, number), 1 FROM numbers(100)",
      // The same rows again: exactly-once reading must not see them.
      "INSERT INTO alperf.windows SELECT 'covers', toDateTime64(1795500000 + number, 3, 'UTC'), number, map(1::Int16, number), 1 FROM numbers(100)",
      'CREATE VIEW alperf.cache AS SELECT cache, sum(hits) AS hits FROM alperf.windows GROUP BY cache',
      'CREATE DATABASE other',
      `CREATE TABLE other.secrets ENGINE = MergeTree ORDER BY tuple() AS SELECT '${SECRET}' AS secret`,
    ])
      await owner.command({ query });
    const directory = mkdtempSync(join(tmpdir(), 'alperf-gate-'));
    writeFileSync(join(directory, 'secret.csv'), `${SECRET}\n`);
    const gate = SqlGate.create({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { url, username, password },
      clock: new SystemClock(),
      ...options,
    });
    await gate.start();
    return new GateFixture(engine, owner, gate, directory);
  }

  get url(): string {
    return `http://127.0.0.1:${this.gate.port}`;
  }

  /** Files that stand in the directory besides the secret. */
  written(): string[] {
    return readdirSync(this.directory).filter((name) => name !== 'secret.csv');
  }

  async stop(): Promise<void> {
    await this.gate.stop();
    await this.owner.close();
    await this.engine.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
