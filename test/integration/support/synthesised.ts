import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { synthesise } from '../../../local/cloudformation/assembly';

/** Synthesises the `local` environment once for a test file, into a folder that `remove` takes away. */
export async function synthesisedLocal(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'golive-test-assembly-'));
  await synthesise(resolve(__dirname, '../../..'), 'local', folder);
  if (!existsSync(join(folder, 'manifest.json'))) throw new Error('synthesis wrote no assembly');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
