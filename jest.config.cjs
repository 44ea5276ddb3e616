const commonJs = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
};
const transform = {
  '^.+\\.ts$': ['@swc/jest', commonJs],
  // These are published as ES modules only, or import a module while they run: jest's CommonJS registry can do neither.
  '/node_modules/(@middy|@opentelemetry/otlp-exporter-base|content-disposition|cookie|jose|postgrator)/.+\\.js$':
    ['@swc/jest', commonJs],
};
const transformIgnorePatterns = [
  '/node_modules/(?!(@middy|@opentelemetry/otlp-exporter-base|content-disposition|cookie|jose|postgrator)/)',
];

/**
 * `unit` needs nothing but Node. `integration` talks to a real PostgreSQL and to moto,
 * started on free ports by each file that needs them.
 * @type {import('jest').Config}
 */
module.exports = {
  projects: [
    {
      displayName: 'unit',
      transform,
      transformIgnorePatterns,
      testEnvironment: 'node',
      roots: ['<rootDir>/test'],
      setupFiles: ['<rootDir>/test/support/esbuild-once-per-run.ts'],
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/integration/'],
    },
    {
      displayName: 'integration',
      transform,
      transformIgnorePatterns,
      testEnvironment: 'node',
      roots: ['<rootDir>/test/integration'],
      testMatch: ['**/*.test.ts'],
    },
  ],
  testSequencer: '<rootDir>/test/support/integration-first.cjs',
  globalSetup: '<rootDir>/test/support/run-folder-setup.cjs',
  globalTeardown: '<rootDir>/test/support/run-folder-teardown.cjs',
  // PostgreSQL, moto and TypeScript share two cores on the smallest machine we support.
  maxWorkers: 2,
  testTimeout: 300_000,
};
