import { readFileSync } from 'node:fs';
import { SettingsError, type SettingsOf } from './settings.js';
import { clickHouseSettings } from './shared-settings.js';

/** Where the ClickHouse server is, and who asks it. */
export interface ClickHouseLogin {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/**
 * The login that the settings give; the password file wins over the password.
 * @throws SettingsError when the password file cannot be read.
 */
export function clickHouseLogin(values: SettingsOf<typeof clickHouseSettings>): ClickHouseLogin {
  const { clickhouseUrl: url, clickhouseUser: username, clickhouseDatabase: database } = values;
  const { clickhousePassword, clickhousePasswordFile: path } = values;
  return { url, username, database, password: path === undefined ? (clickhousePassword ?? '') : secretIn(path) };
}

function secretIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const { variable } = clickHouseSettings.clickhousePasswordFile;
    throw new SettingsError([
      `${variable}: ${JSON.stringify(path)} cannot be read (${(error as NodeJS.ErrnoException).code}); ` +
        'name a file that this user may read, with the password in it',
    ]);
  }
}
