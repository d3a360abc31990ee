import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_VARIABLE, KNOWN_VARIABLES, settingsFileKey, type Settings } from '#libs/operations';
import { KNOWN_SETTINGS, loadKnownSettings, PROGRAMS } from './known-settings.js';
import { settingsDocument } from './settings-document.js';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const variablesOf = (settings: Settings) => Object.values(settings).map(({ variable }) => variable);

describe('The settings', () => {
  it('are documented as they are', () => {
    expect(readFileSync(join(ROOT, 'docs', 'settings.md'), 'utf8')).toBe(settingsDocument());
  });

  it('stand in the document once each, on lines that fit a screen but for long defaults', () => {
    const lines = settingsDocument().split('\n');
    const listed = lines.flatMap((line) => /^- \*\*`(\w+)`/.exec(line)?.[1] ?? []);
    expect([...listed, CONFIG_VARIABLE].sort()).toEqual([...KNOWN_VARIABLES].sort());
    const wide = lines.filter((line) => line.length > 200);
    expect(wide.map((line) => /^- \*\*`(\w+)`/.exec(line)?.[1])).toEqual(['ALPERF_LABELS']);
  });

  it('are listed for every app there is', () => {
    const apps = readdirSync(join(ROOT, 'apps')).map((name) => (name === 'cli' ? 'alperf' : name));
    expect(Object.keys(PROGRAMS).sort()).toEqual(apps.sort());
  });

  it('are all known to every app, since the apps share one environment, and nothing else is', () => {
    const all = new Set(Object.values(PROGRAMS).flatMap(variablesOf));
    expect([...KNOWN_VARIABLES].sort()).toEqual([...all, CONFIG_VARIABLE].sort());
    expect(new Set(variablesOf(KNOWN_SETTINGS))).toEqual(all);
  });

  it('mean the same to every program that reads them', () => {
    const meanings = new Map<string, Set<string>>();
    for (const { variable, expects, help, secret } of Object.values(PROGRAMS).flatMap((settings: Settings) =>
      Object.values(settings),
    ))
      meanings.set(variable, (meanings.get(variable) ?? new Set()).add(JSON.stringify([expects, help, secret])));
    expect([...meanings].filter(([, said]) => said.size > 1)).toEqual([]);
  });

  it('are secret where their name says so', () => {
    const secret = Object.values<Settings[string]>(KNOWN_SETTINGS).filter((one) => one.secret === true);
    expect(secret.map(({ variable }) => variable).sort()).toEqual(
      variablesOf(KNOWN_SETTINGS)
        .filter((name) => /(PASSWORD|KEY|SECRET|TOKEN)$/.test(name))
        .sort(),
    );
  });

  it('can each be set in the settings file, where a slip of the pen is an error with what was meant', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'alperf-settings-'));
    const file = join(cwd, 'alperf.yaml');
    const load = () => loadKnownSettings({ env: {}, cwd });
    try {
      writeFileSync(file, 'insertMaxRows: 7\nlateHours: 3\nclickhousePassword: hunter2\n');
      const { report, values } = load();
      expect(report.filter(({ source }) => source === 'file').map(({ variable }) => settingsFileKey(variable))).toEqual(
        expect.arrayContaining(['insertMaxRows', 'lateHours', 'clickhousePassword']),
      );
      expect(values).toMatchObject({ insertMaxRows: 7, lateHours: 3 });
      expect(JSON.stringify(report)).not.toContain('hunter2');
      writeFileSync(file, 'lateHour: 3\nconfig: other.yaml\n');
      expect(load).toThrow(/lateHour \(settings file\): there is no such setting; did you mean lateHours/);
      expect(load).toThrow(/config \(settings file\): there is no such setting/);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});
