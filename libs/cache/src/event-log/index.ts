export { EventLogInvalidations, type EventLogInvalidationsOptions } from './event-log-invalidations.js';
