export { memoryPressure } from './memory-pressure.js';
export { snapshotFile } from './snapshot-file.js';
