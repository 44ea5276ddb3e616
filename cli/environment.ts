import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { CallerIdentity } from '../core/audit';
import { dumpS3Client } from '../core/backup/dump/s3-client';
import type { PostgresEndpoint } from '../core/postgres/endpoint';
import { rdsAuthorities } from '../core/postgres/rds-authorities';
import { endpointFromSecret } from '../core/postgres/secret';
import { GoLiveError, saidBy } from '../core/shared/errors';
import { jsonOrUndefined } from '../core/shared/json';
import { Operations, operationsParameterName } from '../core/shared/operations';

/** An environment as an operator reaches it, with whatever credentials the AWS SDK finds. */
export interface Environment {
  readonly operations: Operations;
  readonly s3: S3Client;
  readonly rds: RDSClient;
  /** Who runs the command, as AWS says it. */
  caller(): Promise<CallerIdentity>;
  /** The database as its administrator. Only from inside the VPC, or through a tunnel into it. */
  database(): Promise<PostgresEndpoint>;
}

/** The environment is not deployed here, or these credentials may not see it. */
export class EnvironmentNotFoundError extends GoLiveError {
  readonly code = 'EnvironmentNotFoundError';
}

/**
 * Lends an environment to a command.
 *
 * @param caFile PEM file of the authorities to trust; absent, those of RDS in every region
 * @throws EnvironmentNotFoundError, and what `use` throws
 */
export async function withEnvironment<T>(
  {
    name,
    caFile,
    env,
  }: { readonly name: string; readonly caFile?: string | undefined; readonly env: NodeJS.ProcessEnv },
  use: (environment: Environment) => Promise<T>,
): Promise<T> {
  const ssm = new SSMClient({});
  const secretsManager = new SecretsManagerClient({});
  const sts = new STSClient({});
  const rds = new RDSClient({});
  // An emulator, unlike S3, has no host name of its own for each bucket.
  const s3 = dumpS3Client({ forcePathStyle: env['AWS_ENDPOINT_URL'] !== undefined });
  const folder = await mkdtemp(join(tmpdir(), 'golive-cli-'));
  try {
    const operations = await readOperations(ssm, name);
    return await use({
      operations,
      s3,
      rds,
      caller: async () => {
        const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
        return CallerIdentity.parse({ account: Account, arn: Arn, userId: UserId });
      },
      database: async () =>
        endpointFromSecret(secretsManager, operations.databaseSecretArn, {
          database: operations.databaseName,
          caFile: caFile ?? (await writeRdsAuthorities(folder)),
        }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    for (const client of [ssm, secretsManager, sts, rds, s3]) client.destroy();
  }
}

async function readOperations(ssm: SSMClient, name: string): Promise<Operations> {
  const parameter = operationsParameterName(name);
  const value = await ssm.send(new GetParameterCommand({ Name: parameter })).then(
    ({ Parameter: found }) => found?.Value,
    (error: unknown) => {
      throw new EnvironmentNotFoundError(
        (error as Error).name === 'ParameterNotFound'
          ? `there is no environment "${name}" in this account and region: look at --env, AWS_PROFILE and AWS_REGION, or deploy its Backup stack`
          : `parameter ${parameter} could not be read: ${saidBy(error)}; sign in (aws sso login), set AWS_REGION, or ask for ssm:GetParameter on it`,
        { cause: error },
      );
    },
  );
  const parsed = Operations.safeParse(jsonOrUndefined(value ?? ''));
  if (parsed.success) return parsed.data;
  throw new EnvironmentNotFoundError(
    `parameter ${parameter} was written by another version of GoLive; use the one that is deployed, or deploy the Backup stack`,
  );
}

async function writeRdsAuthorities(folder: string): Promise<string> {
  const file = join(folder, 'rds-ca.pem');
  await writeFile(file, rdsAuthorities());
  return file;
}
