import { Readable } from 'node:stream';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import type { Column } from '#libs/contracts';
import { asStoreError, ClickHouseStoreError } from './errors.js';
import { ByteWriter } from './rows/byte-writer.js';
import { RowEncoder } from './rows/row-encoder.js';

export interface ClickHouseOptions {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Default `alperf`; created by the migrations. */
  readonly database?: string;
  /** Longest time that one statement may take, ms. Default 60,000. */
  readonly requestTimeoutMs?: number;
}

export const DEFAULT_DATABASE = 'alperf';

/** What exactness rests on. Sent with every request, and checked against what the server made of it. */
const PINNED: Readonly<Record<string, string>> = {
  async_insert: '0',
  insert_deduplicate: '0',
  deduplicate_insert: 'disable',
  do_not_merge_across_partitions_select_final: '0',
  session_timezone: 'UTC',
  enable_global_with_statement: '1',
  join_use_nulls: '0',
  max_query_size: '16777216',
  // A block may hold a month of late days; more than this no block can touch.
  max_partitions_per_insert_block: '1000',
};

/** `@clickhouse/client` with the settings that exactness rests on, and errors of a few codes. Also the DI token. */
export class ClickHouse {
  readonly database: string;
  readonly #client: ClickHouseClient;

  constructor(private readonly options: ClickHouseOptions) {
    this.database = options.database ?? DEFAULT_DATABASE;
    this.#client = this.#connect(this.database);
  }

  /** Rows of a SELECT. Values from outside go in as `parameters`, never into the text. */
  async query<Row>(
    sql: string,
    parameters: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<Row[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: { ...parameters },
        ...(signal !== undefined && { abort_signal: signal }),
      });
      return await result.json<Row>();
    } catch (error) {
      throw asStoreError(error, 'a query');
    }
  }

  /** A statement without an answer. */
  async command(sql: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#client.command({ query: sql, ...(signal !== undefined && { abort_signal: signal }) });
    } catch (error) {
      throw asStoreError(error, 'a statement');
    }
  }

  /** Inserts what an encoder has written. Nothing is sent when there is nothing. */
  async insertBytes(table: string, columnList: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    try {
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${table} (${columnList}) FORMAT RowBinary`,
        values: Readable.from([bytes]),
      });
      for await (const chunk of stream) void chunk;
    } catch (error) {
      throw asStoreError(error, `an insert into ${table}`);
    }
  }

  /** Inserts rows of a bookkeeping table; `columns` say how a row is written. */
  async insertRows<Row>(table: string, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    const encoder = new RowEncoder(columns);
    const out = new ByteWriter();
    for (const row of rows) encoder.write(out, row, NO_CONTEXT);
    await this.insertBytes(table, encoder.columnList, out.bytes());
  }

  async ping(): Promise<void> {
    const result = await this.#client.ping();
    if (!result.success) throw asStoreError(result.error, 'a ping');
  }

  /** Creates the database when it is missing. */
  async createDatabase(): Promise<void> {
    const outside = this.#connect('default');
    try {
      await outside.command({ query: `CREATE DATABASE IF NOT EXISTS \`${this.database}\`` });
    } catch (error) {
      throw asStoreError(error, `to create the database ${this.database}`);
    } finally {
      await outside.close();
    }
  }

  /** @throws ClickHouseStoreError CLICKHOUSE_MISCONFIGURED that lists every pinned setting the server does not honour. */
  async checkSettings(): Promise<void> {
    const rows = await this.query<{ name: string; value: string }>(
      'SELECT name, value FROM system.settings WHERE name IN {names:Array(String)}',
      {
        names: Object.keys(PINNED),
      },
    );
    const found = new Map(rows.map(({ name, value }) => [name, value]));
    const wrong = Object.entries(PINNED).filter(([name, value]) => found.has(name) && found.get(name) !== value);
    if (wrong.length > 0)
      throw new ClickHouseStoreError(
        'CLICKHOUSE_MISCONFIGURED',
        `ClickHouse does not honour settings that exactness rests on: ${wrong.map(([name, value]) => `${name} is ${found.get(name)}, must be ${value}`).join('; ')}. ` +
          'Remove the constraints on them from the profile of this user.',
        false,
      );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #connect(database: string): ClickHouseClient {
    const { url, username, password, requestTimeoutMs = 60_000 } = this.options;
    return createClient({
      url,
      username,
      password,
      database,
      request_timeout: requestTimeoutMs,
      max_open_connections: 16,
      clickhouse_settings: PINNED,
      // Errors are thrown, told by their callers, and counted: the client need not print them as well.
      log: { level: 127 },
      keep_alive: { enabled: true, idle_socket_ttl: 5_000 },
    });
  }
}

/** Bookkeeping rows know nothing but themselves. */
const NO_CONTEXT = {
  emitter: { service: '', instance: '', version: '' },
  sequence: 0,
  index: 0,
};
