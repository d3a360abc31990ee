/** The log's topics. An event's whole batch is one record, keyed by the emitter's instance. */
export const EVENTS_TOPIC = 'alperf.events';

/** Consumer group of the aggregators. */
export const AGGREGATOR_GROUP = 'alperf.aggregator';

/** Compacted topic of the state store. */
export const STATE_TOPIC = 'alperf.state';
