// Generates the Prisma client. Prisma's CLI fetches an engine for migrations from a host of its own before it does
// anything; generating does not use it, and our migrations do not either, so it is told that it has one.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
const program = join(dirname(manifest), 'build', 'index.js');
const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, 'generate', '--no-hints'], {
  cwd: folder,
  encoding: 'utf8',
  env: {
    ...process.env,
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
  },
});
if (status !== 0) {
  process.stderr.write(`${error?.message ?? `${stdout}${stderr}`}\n`);
  process.exitCode = 1;
}
