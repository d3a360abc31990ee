import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setting } from './kinds.js';
import { KNOWN_VARIABLES } from './known-variables.js';
import { parseSettings, SettingsError, settingsFileKey } from './settings.js';
import { settingsList } from './settings-document.js';
import { parseSettingsFile } from './settings-file.js';

const settings = {
  port: setting.port('ALPERF_HTTP_PORT', 8080, 'Port.'),
  verbose: setting.flag('ALPERF_VERBOSE', false, 'Says more.'),
  names: setting.list('ALPERF_NAMES', ['a'], 'Names.'),
  token: setting.optionalText('ALPERF_TOKEN', 'A secret.', { secret: true }),
};

function problemsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('parseSettings', () => {
  it('takes the environment over the file over the default, and says where each value came from', () => {
    const { values, report } = parseSettings(settings, {
      env: { ALPERF_HTTP_PORT: '9000' },
      file: { httpPort: 7000, names: ['x', 'y'] },
    });
    expect(values).toEqual({ port: 9000, verbose: false, names: ['x', 'y'], token: undefined });
    expect(report.map(({ source }) => source)).toEqual(['environment', 'default', 'file', 'default']);
  });

  it('reports every problem at once', () => {
    const problems = problemsOf(() =>
      parseSettings(settings, {
        env: { ALPERF_HTTP_PORT: '70000', ALPERF_HTTP_PROT: '1' },
        file: { verbose: 'perhaps', nmes: 'z', names: { a: 1 } },
      }),
    );
    expect(problems).toEqual([
      'ALPERF_HTTP_PORT: "70000" is not a whole number from 0 to 65535',
      'verbose (settings file): "perhaps" is not true or false',
      'names (settings file) is neither one value nor a list of values; expected a list separated by commas',
      'ALPERF_HTTP_PROT: there is no such setting; did you mean ALPERF_HTTP_PORT?',
      expect.stringMatching(/^nmes \(settings file\): there is no such setting; did you mean names/),
    ]);
  });

  it('suggests only names that are near for their length', () => {
    const problems = problemsOf(() => parseSettings({}, { env: { ALPERF_FOO: '1' }, file: { foo: 1, lateHour: 2 } }));
    expect(problems).toEqual([
      expect.stringMatching(/^ALPERF_FOO: there is no such setting; "npm run .*config" lists those there are$/),
      expect.stringMatching(/^foo \(settings file\): there is no such setting; "npm run .*config" lists/),
      'lateHour (settings file): there is no such setting; did you mean lateHours?',
    ]);
  });

  it('knows the settings of the other apps, which share one environment', () => {
    const env = Object.fromEntries(KNOWN_VARIABLES.map((name) => [name, name === 'ALPERF_HTTP_PORT' ? '1' : 'x']));
    expect(problemsOf(() => parseSettings(settings, { env }))).toEqual([]);
  });

  it("leaves other programs' variables and those of its own tests alone", () => {
    const env = { PATH: '/bin', ALPERF_TEST_KILLS: '20', alperf_x: '1' };
    expect(problemsOf(() => parseSettings(settings, { env }))).toEqual([]);
  });

  it('never shows a secret, neither in the report nor in a problem', () => {
    const { report, values } = parseSettings(settings, { env: { ALPERF_TOKEN: 'hunter2' } });
    expect(values.token).toBe('hunter2');
    expect(JSON.stringify(report)).not.toContain('hunter2');
    const url = { url: setting.text('ALPERF_URL', '', 'Address.') };
    const parsed = parseSettings(url, { env: { ALPERF_URL: 'http://me:hunter2@host:8123/' } });
    expect(parsed.report[0]!.value).toBe('http://(set)@host:8123/');
  });

  it('takes an empty variable as not set', () => {
    expect(parseSettings(settings, { env: { ALPERF_HTTP_PORT: '' } }).values.port).toBe(8080);
  });

  it('never answers with anything but values or a SettingsError, whatever the file holds', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('httpPort', 'verbose', 'names', 'token', 'x'), fc.jsonValue()),
        (file) => {
          try {
            const { values } = parseSettings(settings, { env: {}, file });
            expect(Number.isInteger(values.port) && values.port >= 0 && values.port <= 65_535).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(SettingsError);
          }
        },
      ),
    );
  });
});

describe('the setting of an address to listen on', () => {
  const { parse } = setting.address('ALPERF_BIND', '127.0.0.1', 'Address.');

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    [' [::1] ', '::1'],
    ['::', '::'],
    ['localhost', 'localhost'],
    ['collector-1.example', 'collector-1.example'],
  ])('takes %j as %s', (text, address) => {
    expect(parse(text)).toBe(address);
  });

  it.each(['http://127.0.0.1', '127.0.0.1:8080', '[::1]:8080', '*', '[localhost', 'a b'])('refuses %j', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe('the setting of origins', () => {
  const { parse } = setting.origins('ALPERF_ORIGINS', 'Origins.');

  it('reads them as browsers send them', () => {
    expect(parse('https://Library.example:443, http://localhost:3000,tauri://localhost,http://[::1]:8080')).toEqual([
      'https://library.example',
      'http://localhost:3000',
      'tauri://localhost',
      'http://[::1]:8080',
    ]);
    expect(parse('')).toEqual([]);
  });

  it.each([
    ['foo'],
    ['*'],
    ['null'],
    ['library.example'],
    ['https://'],
    ['https://*.library.example'],
    ['https://library.example/'],
    ['https://library.example/page'],
    ['https://me@library.example'],
    ['https://library.example:99999'],
    ['https://library.example?'],
    ['https://library.example, foo'],
  ])('refuses %s', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe('parseSettingsFile', () => {
  it('reads a flat map, and an empty file as one', () => {
    expect(parseSettingsFile('httpPort: 9000\nnames: [a, b]\n')).toEqual({ httpPort: 9000, names: ['a', 'b'] });
    expect(parseSettingsFile('')).toEqual({});
    expect(parseSettingsFile('# nothing yet\n')).toEqual({});
  });

  it('says where a file is not YAML, or what it is instead of a map', () => {
    expect(problemsOf(() => parseSettingsFile('a: [1', 'x.yaml'))[0]).toMatch(/^x\.yaml: .*line 1/);
    expect(problemsOf(() => parseSettingsFile('- a'))[0]).toContain('found a list');
    expect(problemsOf(() => parseSettingsFile('hello'))[0]).toContain('found a string');
  });

  it('never answers with anything but a map or a SettingsError, whatever the text', () => {
    const yaml = fc.array(
      fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '&a ', '*a', '!!x', '"', '|', '<<', '\t', '%'),
    );
    fc.assert(
      fc.property(yaml, (pieces) => {
        try {
          expect(typeof parseSettingsFile(pieces.join(''))).toBe('object');
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('names', () => {
  it('are told from variables', () => {
    expect(settingsFileKey('ALPERF_CLICKHOUSE_PASSWORD_FILE')).toBe('clickhousePasswordFile');
  });
});

describe('settingsList', () => {
  const programs = { one: settings, other: { port: setting.port('ALPERF_HTTP_PORT', 1, 'Port.') } };

  it('lists settings by variable, with defaults, what is expected and who reads them', () => {
    const all = settingsList(programs, () => true);
    expect(all.match(/^- /gm)).toHaveLength(Object.keys(settings).length);
    expect(all.split(/\n(?=- )/)).toContain(
      '- **`ALPERF_HTTP_PORT`** (`httpPort`), default `8080`; other: `1`.\n' +
        '  Port.\n  Expects a whole number from 0 to 65535. Read by one, other.',
    );
  });

  it('leaves out what others read', () => {
    expect(settingsList(programs, (readers) => readers.includes('other')).match(/^- .*?`\*\*/gm)).toEqual([
      '- **`ALPERF_HTTP_PORT`**',
    ]);
  });
});
