import type { ClickHouseClient } from '@clickhouse/client';
import { RowReader } from './row-reader.js';

/** A status is of no use later than this. */
const MAX_SECONDS = 4;

/** Asks by `@clickhouse/client`, bounded in time and threads so that a look never competes with the inserts. */
export class ClickHouseRowReader extends RowReader {
  constructor(private readonly client: ClickHouseClient) {
    super();
  }

  async rows<Row>(sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    const result = await this.client.query({
      query: sql,
      format: 'JSONEachRow',
      query_params: { ...parameters },
      clickhouse_settings: {
        max_execution_time: MAX_SECONDS,
        max_threads: 1,
        output_format_json_quote_64bit_integers: 0,
      },
    });
    return result.json<Row>();
  }
}
