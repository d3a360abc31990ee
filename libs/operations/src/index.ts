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
