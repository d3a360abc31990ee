export { browserBundle } from './browser-bundle.js';
export { MemoryTransport } from './memory-transport.js';
export { RecordingCollector, type ReceivedRequest, type Reply } from './recording-collector.js';
export { sourceHooks } from './source-hooks.js';
