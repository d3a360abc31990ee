export { eventLogContract } from './event-log-contract.js';
export { type EventLogHarness } from './harness.js';
