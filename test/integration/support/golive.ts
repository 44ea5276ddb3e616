import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LocalPlatform } from '../../../local/platform';
import { bundledProgram } from '../../support/bundled-program';

const PROGRAM = join(__dirname, '../../../bin/golive.ts');

/** Where commands put what they need for a while: this test file's own, so that nobody else's is taken for a rest. */
export const COMMANDS_FOLDER = mkdtempSync(join(tmpdir(), 'golive-test-commands-'));
// PostgreSQL runs as another user where we are root.
chmodSync(COMMANDS_FOLDER, 0o755);
afterAll(() => rmSync(COMMANDS_FOLDER, { recursive: true, force: true }));

/** Runs the command line against the local platform, in a process of its own, as a person would. */
export async function golive({ aws, database }: LocalPlatform, ...args: readonly string[]) {
  const child = spawn(process.execPath, [await bundledProgram(PROGRAM), ...args], {
    env: {
      TMPDIR: COMMANDS_FOLDER,
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
