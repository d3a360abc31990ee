export { RecordingLogger, type LogLine } from './recording-logger.js';
