import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../../../..');

export interface FrontendBuild {
  /** What is deployed. */
  readonly folder: string;
  readonly main: string;
  remove(): void;
}

/** A real `next build`, as for an image, that is then moved: what it made must not know where it was made. */
export function buildForRelease(): FrontendBuild {
  const parent = mkdtempSync(join(tmpdir(), 'golive-test-frontend-'));
  const remove = () => rmSync(parent, { recursive: true, force: true });
  const script = join(ROOT, 'services/frontend/scripts/build.mjs');
  const made = join(parent, 'made-here');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--into', made, '--release'], {
    cwd: parent,
    encoding: 'utf8',
    // Jest's own NODE_ENV would not be what an image is built with.
    env: { PATH: process.env['PATH'], HOME: parent, TMPDIR: process.env['TMPDIR'] ?? tmpdir() },
  });
  if (status !== 0) {
    remove();
    throw new Error(`the frontend does not build:\n${stderr}`);
  }
  const { serverEntry } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { serverEntry: string };
  const folder = join(parent, 'runs here');
  renameSync(made, folder);
  return { folder, main: serverEntry.replace(made, folder), remove };
}
