export { KafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.js';
export { kafkaClient, RETRY, type KafkaConnection } from './client.js';
export { kafkaErrorType } from './kafka-errors.js';
export { KafkaReader, type Fetched, type FetchedMessage, type FetchOptions } from './reader.js';
export type { TopicOptions } from './topics.js';
