import { SqlError } from './sql-error.js';

/** Settings that change how an answer looks or how a query is meant, and cost nothing. */
const FREE = new Set(
  `
  any_join_distinct_right_table_keys bool_false_representation bool_true_representation date_time_output_format
  enable_named_columns_in_function_tuple extremes format_csv_delimiter format_csv_null_representation
  format_tsv_null_representation group_by_use_nulls interval_output_format join_default_strictness join_use_nulls limit
 offset output_format_arrow_compression_method output_format_arrow_string_as_string
  output_format_csv_crlf_end_of_line output_format_csv_serialize_tuple_into_separate_columns
  output_format_decimal_trailing_zeros output_format_float_precision output_format_json_array_of_rows
  output_format_json_escape_forward_slashes output_format_json_map_as_array_of_tuples
  output_format_json_named_tuples_as_objects output_format_json_quote_64bit_floats output_format_json_quote_64bit_integers
  output_format_json_quote_decimals output_format_json_quote_denormals output_format_json_skip_null_value_in_named_tuples
  output_format_json_validate_utf8 output_format_markdown_escape_special_characters
  output_format_native_encode_types_in_binary_format output_format_native_write_json_as_string
  output_format_parquet_compression_method output_format_parquet_string_as_string output_format_parquet_version
  output_format_pretty_color output_format_pretty_max_rows output_format_pretty_max_column_pad_width
  output_format_pretty_max_value_width output_format_pretty_row_numbers output_format_pretty_single_large_number_tip_threshold
  output_format_tsv_crlf_end_of_line output_format_values_escape_quote_with_quote output_format_write_statistics
  prefer_column_name_to_alias select_sequential_consistency transform_null_in union_default_mode
  union_all_default_mode except_default_mode intersect_default_mode use_index_for_in_with_subqueries
  `
    .trim()
    .split(/\s+/),
);

/** What clients send by habit and what is pinned, or of no effect, here. Any value but those refused is passed over. */
const PASSED_OVER = new Set([
  'log_comment',
  'log_queries',
  'send_logs_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'enable_http_compression',
  'http_zlib_compression_level',
  'wait_end_of_query',
  'buffer_size',
  'http_wait_end_of_query',
  'http_response_buffer_size',
  'cancel_http_readonly_queries_on_client_close',
  'result_overflow_mode',
  'read_overflow_mode',
  'timeout_overflow_mode',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'stacktrace',
  'quota_key',
  'priority',
  'max_threads',
  'max_block_size',
  'use_query_cache',
  'async_insert',
  'wait_for_async_insert',
]);

/** Formats that stand by themselves: none takes a schema or a template from a file. */
const FORMAT =
  /^(?:JSON(?:Strings|Columns|ColumnsWithMetadata|Compact|CompactStrings|CompactColumns|ObjectEachRow|LinesEachRow)?|JSON(?:Strings|Compact|CompactStrings)?EachRow(?:WithProgress)?|JSONCompact(?:Strings)?EachRowWithNames(?:AndTypes)?|JSONLines|NDJSON|(?:CSV|TSV|TabSeparated|TSVRaw|TabSeparatedRaw|Raw|RowBinary)(?:WithNames(?:AndTypes)?)?|Native|Parquet|Arrow|ArrowStream|ORC|MsgPack|Values|Vertical|XML|TSKV|Markdown|Null|Pretty(?:Compact|Space)?(?:NoEscapes)?(?:MonoBlock)?)$/;

export function isAllowedFormat(format: string): boolean {
  return FORMAT.test(format);
}

/** @throws SqlError UNKNOWN_FORMAT */
export function checkFormat(format: string): string {
  if (isAllowedFormat(format)) return format;
  throw new SqlError(
    'UNKNOWN_FORMAT',
    `The format ${format} is not taken here. Take JSON, JSONEachRow, CSV, TSV, Native or Parquet.`,
  );
}

/**
 * The settings that a query runs with besides the pinned ones: those asked for, as far as they are allowed, and the bounds,
 * which may be lowered.
 *
 * @throws SqlError for a setting that is not on the list, or a bound above ours.
 */
export function effectiveSettings(
  asked: Iterable<readonly [name: string, value: string]>,
  bounds: Readonly<Record<string, number>>,
): Map<string, string> {
  const settings = new Map(Object.entries(bounds).map(([name, most]) => [name, String(most)]));
  for (const [name, value] of asked) {
    if (PASSED_OVER.has(name) || isPinnedAlready(name, value)) continue;
    const most = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
    if (most !== undefined) settings.set(name, lowered(name, value, most));
    else if (FREE.has(name)) settings.set(name, value);
    else
      throw new SqlError(
        'READONLY',
        `The setting ${name} cannot be changed here. Leave it out; docs/sql.md lists the settings that can.`,
      );
  }
  return settings;
}

/** Clients ask for what is so anyway. */
function isPinnedAlready(name: string, value: string): boolean {
  return (
    (name === 'readonly' && /^[12]$/.test(value)) ||
    (name === 'final' && /^(?:1|true)$/i.test(value)) ||
    (name === 'session_timezone' && value === 'UTC')
  );
}

/** Clients often ask for more than there is (a timeout of their own): they get what there is. 0 would mean no bound. */
function lowered(name: string, value: string, most: number): string {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0 || value.trim() === '')
    throw new SqlError('BAD_ARGUMENTS', `The value ${JSON.stringify(value)} of ${name} is not a number from 0 on.`);
  return String(number === 0 ? most : Math.min(number, most));
}
