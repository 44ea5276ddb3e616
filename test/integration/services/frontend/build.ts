import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ServiceBuilds } from '../../../../local/services/builds';
import { Supervisor } from '../../../../local/supervisor';

export const ROOT = resolve(__dirname, '../../../..');

export interface FrontendBuild {
  /** What is deployed. */
  readonly folder: string;
  readonly main: string;
  remove(): Promise<void>;
}

/** A real `next build`, as for an image, elsewhere than where it was made: it must not know where that was. */
export async function buildForRelease(): Promise<FrontendBuild> {
  const parent = await mkdtemp(join(tmpdir(), 'golive-test-frontend-'));
  const folder = join(parent, 'runs here');
  const supervisor = Supervisor.start();
  try {
    const made = await new ServiceBuilds(ROOT, supervisor).image(join(ROOT, 'services/frontend/Dockerfile'));
    await cp(made.folder, folder, { recursive: true, verbatimSymlinks: true });
  } finally {
    await supervisor.stop();
  }
  return {
    folder,
    main: join(folder, 'main.js'),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}
