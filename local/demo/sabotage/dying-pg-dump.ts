import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Puts a `pg_dump` first on the PATH that runs the real one and, when that has written so many bytes, ends it
 * with SIGKILL, as Linux does when memory runs out, and goes the same way itself. What it wrote until then is
 * what pg_dump wrote; nobody is told that it was not all.
 *
 * @param use is given the folder for the PATH
 */
export async function withDyingPgDump<T>(
  binFolder: string,
  afterBytes: number,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'golive-sabotage-'));
  try {
    await writeFile(join(folder, 'pg_dump'), wrapper(join(binFolder, 'pg_dump'), afterBytes), {
      mode: 0o755,
    });
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Its own program, because the dump function starts it by name and gives it an environment of its own. */
function wrapper(pgDump: string, afterBytes: number): string {
  return `#!${process.execPath}
const { spawn } = require('node:child_process');
const child = spawn(${JSON.stringify(pgDump)}, process.argv.slice(2), { stdio: ['ignore', 'pipe', 'inherit'] });
let left = ${Math.round(afterBytes)};
child.stdout.on('data', (chunk) => {
  if (left === 0) return;
  const passed = chunk.subarray(0, left);
  left -= passed.length;
  child.stdout.pause();
  process.stdout.write(passed, () => {
    if (left === 0) child.kill('SIGKILL');
    child.stdout.resume();
  });
});
child.on('close', (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
`;
}
