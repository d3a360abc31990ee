export { ApiModule, type ApiOptions } from './api.module.js';
export { accessSettings, apiSettings } from './config.js';
export { openApiDocument } from './openapi/openapi.js';
export { SqlGate, type SqlGateOptions } from './sql/sql-gate.js';
export { ClickHouseRowReader } from './status/clickhouse-row-reader.js';
export { RowReader } from './status/row-reader.js';
