export { EmbeddedEventLog, type EmbeddedEventLogOptions } from './embedded-event-log.js';
export type { Retention } from './log-store.js';
