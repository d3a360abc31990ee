export { browserBundle } from './browser-bundle.js';
export { busyHost, type Turns } from './busy-host.js';
export { MemoryTransport } from './memory-transport.js';
export { RecordingCollector, type ReceivedRequest, type Reply } from './recording-collector.js';
export { sourceHooks } from './source-hooks.js';
