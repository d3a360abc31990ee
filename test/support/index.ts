export { startKafka, type KafkaBroker, type KafkaOptions } from './kafka/broker.js';
export { describeWithKafka, sharedKafka, type DescribeOptions } from './kafka/describe.js';
export { kafkaMissing, KafkaMissingError } from './kafka/jars.js';
