/** What one query of a person may cost. */
export interface SqlLimits {
  /** Longest run of a query, s. */
  readonly maxSeconds: number;
  /** Most rows of an answer. */
  readonly maxResultRows: number;
  /** Most rows read for an answer. */
  readonly maxReadRows: number;
  /** Largest answer, bytes as the engine holds it. */
  readonly maxResultBytes: number;
  /** Most memory of a query, bytes. */
  readonly maxMemoryBytes: number;
  /** Queries that run at once. */
  readonly maxConcurrent: number;
  /** Of them those of one client: less, so that nobody has all places. */
  readonly maxConcurrentPerClient: number;
  /** Queries that may wait for their turn. */
  readonly maxWaiting: number;
  /** Of them those of one client; a dashboard asks some twenty at once. */
  readonly maxWaitingPerClient: number;
  /** Longest statement, bytes. */
  readonly maxStatementBytes: number;
}

export const DEFAULT_SQL_LIMITS: SqlLimits = {
  maxSeconds: 30,
  maxResultRows: 1_000_000,
  maxReadRows: 1_000_000_000,
  maxResultBytes: 64 * 2 ** 20,
  maxMemoryBytes: 2 ** 30,
  maxConcurrent: 4,
  maxConcurrentPerClient: 3,
  maxWaiting: 64,
  maxWaitingPerClient: 32,
  maxStatementBytes: 100_000,
};

type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * The settings of every query, which nothing that a person sends can change: they are set together with readonly=1, after
 * which the engine takes no more.
 */
export function pinnedSettings(limits: SqlLimits, databases: readonly string[]): Pairs {
  return [
    ['readonly', '1'],
    // Rows that were inserted twice are one row.
    ['final', '1'],
    ['do_not_merge_across_partitions_select_final', '0'],
    ['session_timezone', 'UTC'],
    ['additional_table_filters', systemTableFilters(databases)],
    ['max_query_size', String(limits.maxStatementBytes * 4)],
    ['max_ast_depth', '1000'],
    ['max_ast_elements', '50000'],
    ['max_subquery_depth', '100'],
    // Arrays out of nothing: what is made of one in a single call is not interrupted.
    ['function_range_max_elements_in_block', '10000000'],
    ['max_bytes_ratio_before_external_group_by', '0'],
    ['max_bytes_ratio_before_external_sort', '0'],
    ['max_temporary_data_on_disk_size_for_query', String(limits.maxMemoryBytes)],
    ['result_overflow_mode', 'throw'],
    ['read_overflow_mode', 'throw'],
    ['timeout_overflow_mode', 'throw'],
    ['allow_ddl', '0'],
    ['allow_introspection_functions', '0'],
    ['wait_end_of_query', '1'],
  ];
}

/** The bounds that a person may lower, by the setting that holds them. */
export function bounds(limits: SqlLimits): Readonly<Record<string, number>> {
  return {
    max_execution_time: limits.maxSeconds,
    max_result_rows: limits.maxResultRows,
    max_rows_to_read: limits.maxReadRows,
    max_result_bytes: limits.maxResultBytes,
    max_memory_usage: limits.maxMemoryBytes,
  };
}

/** Query builders list databases, tables and columns: they see the project's only. */
function systemTableFilters(databases: readonly string[]): string {
  const list = databases.map((name) => `\\'${name}\\'`).join(', ');
  return `{'system.databases': 'name IN (${list})', 'system.tables': 'database IN (${list})', 'system.columns': 'database IN (${list})'}`;
}
