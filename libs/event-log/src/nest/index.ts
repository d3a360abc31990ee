export { EventLogContext } from './event-log-context.js';
export { EventLogServer, type ConsumerHooks, type EventLogServerOptions } from './event-log-server.js';
export { KeepErrorFilter } from './keep-error.filter.js';
