/** Asks ClickHouse. Also the DI token. */
export abstract class RowReader {
  /**
   * Rows of one SELECT. `{name:Type}` in the text takes its value from `parameters`. Integers of 64 bits come as numbers.
   * @throws Error when ClickHouse cannot be reached or refuses.
   */
  abstract rows<Row>(sql: string, parameters?: Readonly<Record<string, unknown>>): Promise<Row[]>;
}

/** A time in ms since 1970 as it is read: one that was never set is the epoch. */
export function timeOf(ms: number | string): number | null {
  const time = Number(ms);
  return time > 0 ? time : null;
}
