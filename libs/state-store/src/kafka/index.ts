export { KafkaStateStore, type KafkaStateStoreOptions } from './kafka-state-store.js';
