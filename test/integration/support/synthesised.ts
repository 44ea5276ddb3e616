import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { synthesise } from '../../../local/cloudformation/assembly';
import { Supervisor } from '../../../local/supervisor';

/** Synthesises the `local` environment once for a test file, into a folder that `remove` takes away. */
export async function synthesisedLocal(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const supervisor = Supervisor.start();
  try {
    const folder = await supervisor.temporaryFolder('golive-test-assembly-');
    await synthesise(resolve(__dirname, '../../..'), 'local', folder, supervisor);
    if (!existsSync(join(folder, 'manifest.json'))) throw new Error('synthesis wrote no assembly');
    return { folder, remove: () => supervisor.stop() };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}
