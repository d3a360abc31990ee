import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importsOf, sourceFiles, type Import } from './imports.js';
import { isTestCode, room, SETTINGS_DOOR, violation } from './layers.js';

const root = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  imports: Record<string, { source: string; default: string }>;
};
const doors = Object.fromEntries(
  Object.entries(manifest.imports).map(([door, { source }]) => [door, source.replace(/^\.\//, '')]),
);
const files = sourceFiles(root, ['apps', 'libs', 'test', 'bench']);
const imports = files.flatMap((file) => importsOf(root, file, doors));
const where = ({ from, line, specifier }: Import) => `${from}:${line} imports ${specifier}`;

describe('The structure', () => {
  it('has sources and imports to look at', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('lets imports go one way only, from apps to adapters to domain to base', () => {
    const wrong = imports.flatMap((one) => {
      const target = one.file === undefined ? { packageName: one.specifier } : { file: one.file };
      const reason = violation(one.from, target);
      return reason === undefined ? [] : [`${where(one)}: ${reason}`];
    });
    expect(wrong).toEqual([]);
  });

  it('enters another lib or app by a door only', () => {
    const wrong = imports.filter(
      (one) => one.specifier.startsWith('.') && room(one.from) !== room(one.file!) && !one.from.startsWith('test/'),
    );
    expect(wrong.map(where)).toEqual([]);
  });

  it("keeps an app's settings to data: they import the kinds of settings, and other apps' settings", () => {
    const taken = imports.filter((one) => SETTINGS_DOOR.test(one.from));
    expect(taken.length).toBeGreaterThan(3);
    const wrong = taken.filter(({ specifier }) => !/^#libs\/operations$|^#apps\/[^/]+\/settings$/.test(specifier));
    expect(wrong.map(where)).toEqual([]);
  });

  it('lists only doors that exist, and imports only doors that are listed', () => {
    expect(Object.entries(doors).filter(([, file]) => !existsSync(join(root, file)))).toEqual([]);
    expect(imports.filter((one) => one.specifier.startsWith('#') && one.file === undefined).map(where)).toEqual([]);
  });

  it('keeps test code out of what ships', () => {
    const wrong = imports.filter(
      (one) =>
        !isTestCode(one.from) &&
        !one.from.startsWith('bench/') &&
        (one.specifier.endsWith('/testing') || one.specifier === '#test/support'),
    );
    expect(wrong.map(where)).toEqual([]);
  });

  it('reads time and randomness only in libs/time and where programs start', () => {
    const bare =
      /\bDate\.now\(\)|\bnew Date\(\)|\bMath\.random\(\)|\bperformance\.now\(\)|(?<![.\w])set(?:Timeout|Interval)\(/;
    const wrong = files.filter(
      (file) =>
        /^(libs|apps)\//.test(file) &&
        !file.startsWith('libs/time/') &&
        !isTestCode(file) &&
        !file.endsWith('/main.ts') &&
        bare.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
    );
    expect(wrong).toEqual([]);
  });

  it('reads the environment only where programs start', () => {
    const wrong = files.filter(
      (file) =>
        /^(libs|apps)\//.test(file) &&
        !isTestCode(file) &&
        !file.endsWith('/main.ts') &&
        /\bprocess\.env\b/.test(withoutComments(readFileSync(join(root, file), 'utf8'))),
    );
    expect(wrong).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '');
}
