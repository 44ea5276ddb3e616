const commonJs = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
};
const transform = {
  '^.+\\.ts$': ['@swc/jest', commonJs],
  // middy and jose are published as ES modules only, which jest's CommonJS registry can't load.
  '/node_modules/(@middy|jose)/.+\\.js$': ['@swc/jest', commonJs],
};
const transformIgnorePatterns = ['/node_modules/(?!(@middy|jose)/)'];

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
  // PostgreSQL, moto and TypeScript share two cores on the smallest machine we support.
  maxWorkers: 2,
  testTimeout: 120_000,
};
