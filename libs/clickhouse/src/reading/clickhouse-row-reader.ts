import type { ClickHouse } from '../clickhouse.js';
import { RowReader } from './row-reader.js';

/** What a look finds is of no use later than this. */
const MAX_SECONDS = 4;

/** Asks by the project's client, bounded in time and threads so that a look never competes with the inserts. */
export class ClickHouseRowReader extends RowReader {
  constructor(private readonly clickhouse: ClickHouse) {
    super();
  }

  rows<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    return this.clickhouse.query<Row>(
      `${sql} SETTINGS max_execution_time = ${MAX_SECONDS}, max_threads = 1, output_format_json_quote_64bit_integers = 0`,
      parameters,
    );
  }
}
