export { AlerterModule, type AlerterOptions } from './alerter.module.js';
export { alerterConfig, alerterSettings, type AlerterConfig } from './config.js';
