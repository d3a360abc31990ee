export { ApiModule, type ApiOptions } from './api.module.js';
export { apiSettings } from './config.js';
export { openApiDocument } from './openapi/openapi.js';
export { SqlGate, type SqlGateOptions } from './sql/sql-gate.js';
