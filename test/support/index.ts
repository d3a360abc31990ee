export { startKafka, type KafkaBroker, type KafkaOptions } from './kafka/broker.js';
export { describeWithKafka, sharedKafka, type DescribeOptions } from './kafka/describe.js';
export { kafkaMissing, KafkaMissingError } from './kafka/jars.js';
export { between, pick, seededRandom, seededUuid } from './random.js';
export { addTo, makeTraffic, noTotals, type Traffic, type TrafficOptions, type TrafficTotals } from './traffic.js';
export { expectAudited, expectExact, inconsistencies, untilCounted } from './exactness.js';
export { startFaultProxy, type Fault, type FaultProxy } from './fault-proxy.js';
export { recordOf } from './records.js';
export { sumTotals } from './totals.js';
