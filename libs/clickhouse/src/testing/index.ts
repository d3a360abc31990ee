export { startTestEngine, TestEngine } from './test-engine.js';
