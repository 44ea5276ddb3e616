import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { synthesise } from '../../../local/cloudformation/assembly';
import { Supervisor } from '../../../local/supervisor';
import { folderOncePerRun } from '../../support/once-per-run';

/** The folder with the synthesised `local` environment. Nobody writes into it: it is all test files' together. */
export function synthesisedLocal(): Promise<string> {
  return folderOncePerRun('local-assembly', async (folder) => {
    const supervisor = Supervisor.start();
    try {
      await synthesise(resolve(__dirname, '../../..'), 'local', folder, supervisor);
      if (!existsSync(join(folder, 'manifest.json'))) throw new Error('synthesis wrote no assembly');
    } finally {
      await supervisor.stop();
    }
  });
}
