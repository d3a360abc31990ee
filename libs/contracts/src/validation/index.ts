export { checkBatch, type CheckedBatch, type RefusedBatch } from './check-batch.js';
export { eventFault } from './event-checks.js';
export { explain, pointerStep, type Fault, type Schema } from './explain.js';
