import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { GoLiveError } from '../../core/shared/errors';

/** `cdk` failed; what it said stands above in the log. */
export class CdkError extends GoLiveError {
  readonly code = 'CdkError';
}

/** Runs the CDK's command line, which writes to this program's own output. */
export type CdkCli = (args: readonly string[]) => Promise<void>;

/** The one that package.json pins. @throws CdkError */
export const cdkCli: CdkCli = (args) =>
  new Promise((resolve, reject) => {
    const program = join(dirname(require.resolve('aws-cdk/package.json')), 'bin', 'cdk');
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new CdkError(
            `cdk ${args.slice(0, 2).join(' ')} ended with ${code}: docs/runbook.md#a-deployment-failed says what to do`,
          ),
        );
    });
  });
