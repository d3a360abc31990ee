export { NestLogger } from './nest-logger.js';
export { OperationsModule, type OperationsOptions } from './operations.module.js';
