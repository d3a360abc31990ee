/** Asks ClickHouse. Also the DI token. */
export abstract class RowReader {
  /**
   * Rows of one SELECT. `{name:Type}` in the text takes its value from `parameters`. Integers of 64 bits come as numbers.
   * @throws Error when ClickHouse cannot be reached or refuses.
   */
  abstract rows<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]>;
}
