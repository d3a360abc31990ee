export * from './builders.js';
export { anyBatch, anyEmitter, anyEvent, anyEventOf, anyHistogram, type EventRange } from './arbitraries.js';
export { fromSchema, type JsonSchema } from './from-schema.js';
