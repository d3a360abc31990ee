export { setting } from './settings/kinds.js';
export {
  parseSettings,
  SettingsError,
  type Setting,
  type SettingReport,
  type Settings,
  type SettingsInput,
  type SettingSource,
  type SettingsOf,
} from './settings/settings.js';
export { DirectoryLockedError, lockDirectory, type DirectoryLock } from './directory-lock.js';
