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

export default {
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
    project('integration', ['<rootDir>/{apps,libs}/**/*.int.spec.ts']),
    project('e2e', ['<rootDir>/test/{e2e,browser}/**/*.spec.ts']),
    project('faults', ['<rootDir>/test/faults/**/*.spec.ts']),
    project('conformance', ['<rootDir>/test/conformance/**/*.spec.ts']),
  ],
};
