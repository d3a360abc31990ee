export { collectorConfig, collectorSettings, type CapLimits, type CollectorConfig, type RateLimits } from './config.js';
export { CollectorModule, type CollectorOptions } from './collector.module.js';
export { EVENTS_PATH } from './ingest/events-route.js';
export { LagCheck, NoLagCheck, PeriodicLagCheck } from './publish/lag-check.js';
