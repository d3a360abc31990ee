// One runner for every layer. Each project is a layer of tests; scripts/test.mjs runs them all.
const base = {
  testEnvironment: 'node',
  rootDir: import.meta.dirname,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  transform: { '^.+\\.ts$': ['@swc/jest', {}] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
};

const project = (displayName, testMatch, extra = {}) => ({ ...base, displayName, testMatch, ...extra });

/** Files that measure times of their own, or watch a page come to life: another one beside them would be measured, too. */
const ALONE = {
  integration: [
    'apps/collector/src/hostile.int.spec.ts',
    'apps/standalone/src/standalone.int.spec.ts',
    'libs/telemetry/src/node/node-telemetry.int.spec.ts',
  ],
  e2e: ['test/browser/*.spec.ts'],
};

/** A layer in two parts: the files of which two may run at once, and those that run by themselves. */
const inTwoParts = (layer, testMatch) => [
  // Jest puts the root only where a pattern begins with it, so what is left out is named from anywhere.
  project(layer, [...testMatch, ...ALONE[layer].map((path) => `!**/${path}`)]),
  project(
    `${layer}-alone`,
    ALONE[layer].map((path) => `<rootDir>/${path}`),
  ),
];

export default {
  // The default of half a second is too short for a worker of some hundred MB on a busy machine, which is then told to leak.
  // One that something does hold is still told of, and ended.
  workerGracefulExitTimeout: 10_000,
  projects: [
    project(
      'unit',
      [
        '<rootDir>/{apps,libs,dashboards,scripts,bench}/**/*.spec.ts',
        '<rootDir>/test/{architecture,compose,support}/**/*.spec.ts',
      ],
      {
        testPathIgnorePatterns: ['\\.int\\.spec\\.ts$'],
      },
    ),
    ...inTwoParts('integration', ['<rootDir>/{apps,libs}/**/*.int.spec.ts']),
    ...inTwoParts('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    project('faults', ['<rootDir>/test/faults/**/*.spec.ts']),
    project('conformance', ['<rootDir>/test/conformance/**/*.spec.ts']),
  ],
};
