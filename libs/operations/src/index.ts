export { setting } from './settings/kinds.js';
export {
  parseSettings,
  SettingsError,
  settingsFileKey,
  type Setting,
  type SettingReport,
  type Settings,
  type SettingsInput,
  type SettingSource,
  type SettingsOf,
} from './settings/settings.js';
export { COMPOSE_VARIABLES, CONFIG_VARIABLE, KNOWN_VARIABLES } from './settings/known-variables.js';
export {
  DEFAULT_CONFIG_FILE,
  loadSettings,
  parseSettingsFile,
  type LoadedSettings,
  type SettingsPlace,
} from './settings/settings-file.js';
export { readersOf, settingsList, type ProgramSettings } from './settings/settings-document.js';
export {
  accessSettings,
  auditSettings,
  clickHouseSettings,
  dataSettings,
  httpSettings,
  kafkaSettings,
  logSettings,
  pipelineSettings,
  retentionProblems,
} from './settings/shared-settings.js';
export { clickHouseLogin, type ClickHouseLogin } from './settings/clickhouse-login.js';
export { LOG_LEVELS, Logger, SilentLogger, type LogFields, type LogLevel } from './logger/logger.js';
export { createLogger, type LoggerOptions } from './logger/pino-logger.js';
export { DURATION_BUCKETS_SECONDS, Metrics } from './metrics/metrics.js';
export { Health, type CheckResult, type HealthCheck, type HealthOptions, type Readiness } from './health/health.js';
export {
  Shutdown,
  SHUTDOWN_PHASES,
  type ShutdownOptions,
  type ShutdownPhase,
  type ShutdownResult,
} from './shutdown/shutdown.js';
export {
  EXIT,
  explainStartError,
  leave,
  runProgram,
  type EndingProcess,
  type ProcessPort,
  type Program,
} from './shutdown/program.js';
export { beginProgram, type BegunProgram, type ProgramBase, type ProgramPlace } from './program/begin-program.js';
export { directoryHolder, DirectoryLockedError, lockDirectory, type DirectoryLock } from './directory-lock.js';
export { alperfCommand } from './alperf-command.js';
export * from './http/index.js';
