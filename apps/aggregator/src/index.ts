export { Aggregator, type AggregatorParts } from './aggregator.js';
export { AggregatorModule, consumeWithAggregator, type AggregatorOptions } from './aggregator.module.js';
export { aggregatorConfig, aggregatorSettings, type AggregatorConfig } from './config.js';
