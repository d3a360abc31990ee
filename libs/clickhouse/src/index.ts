export { ClickHouse, DEFAULT_DATABASE, type ClickHouseOptions } from './clickhouse.js';
export { ClickHouseStoreError, type ClickHouseErrorCode } from './errors.js';
export { checkSchema, migrate, readMigrations, refuseNewerSchema, type Migration } from './migrate.js';
export { PEOPLE_QUOTA_KEY } from './people.js';
export { AUDIT_AHEAD_MS, AuditReader, type AuditReading } from './reading/audit-reader.js';
export { ClickHouseRowReader } from './reading/clickhouse-row-reader.js';
export {
  MOST_ROWS_COUNTED_EXACTLY,
  partitionsOf,
  readDeadLetters,
  readKeptDeadLetters,
  readProgress,
  type KeptDeadLetters,
  type PartitionProgress,
  type ProgressReading,
} from './reading/pipeline-reading.js';
export { RowReader } from './reading/row-reader.js';
export {
  BELOW,
  countRaw,
  mergeFiner,
  ROLLUP,
  rollupColumns,
  ROLLUPS,
  rollupTable,
  type Rollup,
  type RollupName,
} from './recount/rollups.js';
export { answerViews, settledEverywhere, viewName } from './recount/views.js';
export { ByteWriter } from './rows/byte-writer.js';
export { RowEncoder } from './rows/row-encoder.js';
