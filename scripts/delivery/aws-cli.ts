import { spawn } from 'node:child_process';
import { GoLiveError } from '../../core/shared/errors';

/** The AWS command line failed. */
export class AwsCliError extends GoLiveError {
  readonly code = 'AwsCliError';

  constructor(
    message: string,
    /** What it said on its standard error. */
    readonly said: string,
  ) {
    super(message);
  }
}

/** Runs a command of AWS's and gives what it prints as JSON. */
export type AwsCli = (args: readonly string[]) => Promise<unknown>;

/**
 * The `aws` program on the PATH, as GitHub's machines have it, with the credentials of the environment. Throttling and faults
 * of the service are its own to retry.
 *
 * @throws AwsCliError
 */
export const awsCli: AwsCli = async (args) => {
  const { code, output, errors } = await run('aws', [...args, '--output', 'json'], {
    ...process.env,
    AWS_PAGER: '',
    AWS_RETRY_MODE: 'standard',
    AWS_MAX_ATTEMPTS: '8',
  });
  if (code !== 0)
    throw new AwsCliError(
      `aws ${args.slice(0, 2).join(' ')} ended with ${code}: ${errors.trim()}; look whether the role may do it and which region it was asked in`,
      errors,
    );
  return output.trim() === '' ? undefined : (JSON.parse(output) as unknown);
};

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (cause) =>
      reject(
        new AwsCliError(
          `the program "${command}" could not be started (${cause.message}): install the AWS command line, version 2`,
          '',
        ),
      ),
    );
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        output: Buffer.concat(output).toString('utf8'),
        errors: Buffer.concat(errors).toString('utf8'),
      }),
    );
  });
}
