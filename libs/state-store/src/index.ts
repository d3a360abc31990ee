export * from './errors.js';
export * from './state-store.js';
