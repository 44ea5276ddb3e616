import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file that its owner alone may read, whole or not at all. */
export async function writeSecretly(path: string, text: string): Promise<void> {
  await write(path, text, 0o600);
}

/** Writes a file that everybody may read, whole or not at all. */
export async function writeOpenly(path: string, text: string): Promise<void> {
  await write(path, text, 0o644);
}

async function write(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.new`;
  await writeFile(beside, text, { mode });
  // What an earlier run left half-way keeps its mode.
  await chmod(beside, mode);
  await rename(beside, path);
}
