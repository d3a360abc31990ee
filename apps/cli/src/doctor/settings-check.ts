import { checkTogether } from '#apps/standalone/settings';
import { SettingsError, type SettingsOf } from '#libs/operations';
import type { Host } from '../command/command.js';
import { CliError } from '../command/errors.js';
import { loadKnownSettings, type KNOWN_SETTINGS } from '../config/known-settings.js';
import { failed, ok, type Check } from './check.js';

export type KnownValues = SettingsOf<typeof KNOWN_SETTINGS>;

/** Each setting by itself, and whether they fit together. The values, where each of them can be read. */
export function settingsCheck(place: Pick<Host, 'env' | 'cwd'>): { check: Check; values?: KnownValues } {
  let values: KnownValues | undefined;
  try {
    const loaded = loadKnownSettings(place);
    values = loaded.values;
    checkTogether(values);
    const set = loaded.report.filter(({ source }) => source !== 'default').length;
    return { check: ok('settings', `${set} set, ${loaded.report.length - set} by default`), values };
  } catch (error) {
    if (error instanceof CliError) return { check: failed('settings', error.message, error.remedy) };
    if (!(error instanceof SettingsError) || values === undefined) throw error;
    return {
      check: failed('settings', error.message, 'Correct these: `npm start` refuses them as they are.'),
      values,
    };
  }
}
