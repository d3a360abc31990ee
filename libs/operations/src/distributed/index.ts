export { openClickHouse, openKafkaLog, openKafkaState } from './open-parts.js';
