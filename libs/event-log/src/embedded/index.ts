export { EmbeddedEventLog, type EmbeddedEventLogOptions } from './embedded-event-log.js';
export { lmdbFailure, openLmdb, type LmdbFailure } from './lmdb-env.js';
export { type Retention } from './round-plan.js';
