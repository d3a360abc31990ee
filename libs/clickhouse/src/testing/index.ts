export { startTestEngine, type TestEngine } from './test-engine.js';
