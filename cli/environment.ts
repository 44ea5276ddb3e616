import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient } from '@aws-sdk/client-ecs';
import { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type AlertingOperations, readAlertingOperations } from '../core/alerting';
import { type AlarmNow, describeAlarms } from '../core/alerting/describe-alarms';
import { CallerIdentity } from '../core/audit';
import type { RegionClients } from '../core/backup/health';
import { dumpS3Client } from '../core/backup/dump/s3-client';
import type { PostgresEndpoint } from '../core/postgres/endpoint';
import { rdsAuthorities } from '../core/postgres/rds-authorities';
import { endpointFromSecret } from '../core/postgres/secret';
import type { Operations } from '../core/backup/operations';
import { readOperations } from '../core/backup/read-operations';
import type { SecretsOperations } from '../core/secrets/operations';
import { readSecretsOperations } from '../core/secrets/read-secrets-operations';
import { readSentryOperations, type SentryOperations } from '../core/sentry';
import { readServicesOperations, type ServicesOperations } from '../core/services';

/** An environment as an operator reaches it, with whatever credentials the AWS SDK finds. */
export interface Environment {
  readonly operations: Operations;
  readonly s3: S3Client;
  readonly rds: RDSClient;
  readonly secretsManager: SecretsManagerClient;
  readonly ecs: ECSClient;
  readonly sfn: SFNClient;
  /** S3 and RDS in another region. */
  readonly clientsIn: (region: string) => RegionClients;
  /** Who runs the command, as AWS says it. */
  caller(): Promise<CallerIdentity>;
  /** The database as its administrator. Only from inside the VPC, or through a tunnel into it. */
  database(): Promise<PostgresEndpoint>;
  /** The database as the login that takes its dumps, from the same places. */
  databaseToDump(): Promise<PostgresEndpoint>;
  /** Which secrets there are, and where. */
  secrets(): Promise<SecretsOperations>;
  /** Which services were deployed. */
  services(): Promise<ServicesOperations>;
  /** By which routes its alarms are told. */
  alerting(): Promise<AlertingOperations>;
  /** The region that the SDK finds. */
  region(): Promise<string>;
  /** Every alarm that it has in a region, as it is now. */
  alarmsIn(region: string): Promise<readonly AlarmNow[]>;
  /** What Sentry is to do for it. */
  sentry(): Promise<SentryOperations>;
  /** PEM file of the database's certificate authorities. */
  caFile(): Promise<string>;
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
  const ecs = new ECSClient({});
  const sfn = new SFNClient({});
  const made: { destroy(): void }[] = [ssm, secretsManager, sts, ecs, sfn];
  const clientsIn = (region?: string): RegionClients => {
    const place = region === undefined ? {} : { region };
    const clients = {
      rds: new RDSClient(place),
      // An emulator, unlike S3, has no host name of its own for each bucket.
      s3: dumpS3Client({ ...place, forcePathStyle: env['AWS_ENDPOINT_URL'] !== undefined }),
    };
    made.push(clients.rds, clients.s3);
    return clients;
  };
  const cloudWatchIn = (region: string): CloudWatchClient => {
    const client = new CloudWatchClient({ region });
    made.push(client);
    return client;
  };
  const { rds, s3 } = clientsIn();
  const folder = await mkdtemp(join(tmpdir(), 'golive-cli-'));
  try {
    const operations = await readOperations(ssm, name);
    const authorities = async () => caFile ?? (await writeRdsAuthorities(folder));
    const databaseAs = async (secretArn: string) =>
      endpointFromSecret(secretsManager, secretArn, {
        database: operations.databaseName,
        caFile: await authorities(),
      });
    return await use({
      operations,
      s3,
      rds,
      secretsManager,
      ecs,
      sfn,
      clientsIn,
      caller: async () => {
        const { Account, Arn, UserId } = await sts.send(new GetCallerIdentityCommand({}));
        return CallerIdentity.parse({ account: Account, arn: Arn, userId: UserId });
      },
      database: () => databaseAs(operations.databaseSecretArn),
      databaseToDump: () => databaseAs(operations.dumpSecretArn ?? operations.databaseSecretArn),
      secrets: () => readSecretsOperations(ssm, name),
      services: () => readServicesOperations(ssm, name),
      alerting: () => readAlertingOperations(ssm, name),
      region: () => sfn.config.region(),
      alarmsIn: (region) => describeAlarms({ environment: name, client: cloudWatchIn(region) }),
      sentry: () => readSentryOperations(ssm, name),
      caFile: authorities,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    for (const client of made) client.destroy();
  }
}

async function writeRdsAuthorities(folder: string): Promise<string> {
  const file = join(folder, 'rds-ca.pem');
  await writeFile(file, rdsAuthorities());
  return file;
}
