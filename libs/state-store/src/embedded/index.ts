export { EmbeddedStateStore, type EmbeddedStateStoreOptions } from './embedded-state-store.js';
