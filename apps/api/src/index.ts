export { ApiModule, type ApiOptions, type SqlPort } from './api.module.js';
export { apiSettings } from './config.js';
export { openApiDocument } from './openapi/openapi.js';
export { ClickHouseRowReader } from './status/clickhouse-row-reader.js';
export { RowReader } from './status/row-reader.js';
