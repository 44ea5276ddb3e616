const { rmSync } = require('node:fs');

module.exports = () => {
  const folder = process.env.GOLIVE_TEST_RUN_FOLDER;
  if (folder) rmSync(folder, { recursive: true, force: true });
};
