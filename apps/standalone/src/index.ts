export { standaloneSettings, type StandaloneConfig } from './config.js';
export { startStandalone, type Standalone, type StandaloneOptions } from './standalone.js';
