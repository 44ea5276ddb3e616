const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** A folder for what test files have in common (`once-per-run.ts`); the workers inherit its name. */
module.exports = () => {
  process.env.GOLIVE_TEST_RUN_FOLDER = mkdtempSync(join(tmpdir(), 'golive-test-run-'));
};
