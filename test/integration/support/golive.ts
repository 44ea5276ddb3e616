import { spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import type { LocalPlatform } from '../../../local/platform';
import { folderOncePerRun } from '../../support/once-per-run';

const ROOT = resolve(__dirname, '../../..');

/** In one file: `tsx` reads hundreds for each of some hundred calls, and that is most of what a call takes. */
function bundled(): Promise<string> {
  return folderOncePerRun('golive', async (folder) => {
    await mkdir(folder, { recursive: true });
    await build({
      entryPoints: [join(ROOT, 'bin/golive.ts')],
      outfile: join(folder, 'golive.js'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      // pg looks for it, and does without.
      external: ['pg-native'],
      logLevel: 'error',
    });
    // Started beside whoever starts it.
    await copyFile(join(ROOT, 'core/shared/supervisor-process.mjs'), join(folder, 'supervisor-process.mjs'));
  });
}

/** Runs the command line against the local platform, in a process of its own, as a person would. */
export async function golive({ aws, database }: LocalPlatform, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(await bundled(), 'golive.js'), ...args], {
    env: {
      PATH: `${database.binFolder}:${process.env['PATH']}`,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: aws.region,
      AWS_ACCESS_KEY_ID: aws.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.credentials.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      GOLIVE_ENV: 'local',
      GOLIVE_CA_FILE: database.caFile,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((done) => child.once('close', done));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { stdout, stderr, exitCode };
}
