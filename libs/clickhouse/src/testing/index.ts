export { databaseForEach } from './database-for-each.js';
export { startTestEngine, TestEngine } from './test-engine.js';
