import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clickHouseLogin } from './clickhouse-login.js';
import { parseSettings, SettingsError } from './settings.js';
import { clickHouseSettings } from './shared-settings.js';

describe('The ClickHouse login', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-login-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const login = (env: Record<string, string>) => clickHouseLogin(parseSettings(clickHouseSettings, { env }).values);

  it('takes the password from its file, else from its variable, else none', () => {
    const file = join(folder, 'password');
    writeFileSync(file, 'from the file\n');
    const password = { ALPERF_CLICKHOUSE_PASSWORD: 'from the variable' };
    expect(login({ ...password, ALPERF_CLICKHOUSE_PASSWORD_FILE: file }).password).toBe('from the file');
    expect(login(password).password).toBe('from the variable');
    expect(login({ ALPERF_CLICKHOUSE_USER: 'reader' })).toEqual({
      url: 'http://127.0.0.1:8123',
      username: 'reader',
      password: '',
      database: 'alperf',
    });
  });

  it('names variable and path when the password file cannot be read', () => {
    const reading = (path: string) => () => login({ ALPERF_CLICKHOUSE_PASSWORD_FILE: path });
    expect(reading(join(folder, 'nothing'))).toThrow(SettingsError);
    expect(reading(join(folder, 'nothing'))).toThrow(
      new RegExp(`ALPERF_CLICKHOUSE_PASSWORD_FILE: ".*/nothing" cannot be read \\(ENOENT\\)`),
    );
    expect(reading(folder)).toThrow(/cannot be read \(EISDIR\)/);
  });
});
