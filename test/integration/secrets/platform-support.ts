import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { listAudit, type AuditListing } from '../../../core/audit';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import type { Invocation, LocalPlatform } from '../../../local/platform';

export interface LoginSecret {
  readonly username: string;
  readonly password: string;
}

/** What a secret's current version holds. */
export async function currentValue<T>(platform: LocalPlatform, schedule: string): Promise<T> {
  const SecretId = platform.rotatedSecret(`Rotations/${schedule}/`);
  const { SecretString } = await platform.clients.secretsManager.send(
    new GetSecretValueCommand({ SecretId, VersionStage: 'AWSCURRENT' }),
  );
  return JSON.parse(SecretString!) as T;
}

/** The platform's database, as the user of a secret's current version. */
export async function endpointOf(platform: LocalPlatform, schedule: string): Promise<PostgresEndpoint> {
  const { username: user, password } = await currentValue<LoginSecret>(platform, schedule);
  return { ...platform.database.master, user, password };
}

/** Runs one statement in a session of its own. */
export async function query(platform: LocalPlatform, endpoint: PostgresEndpoint, sql: string) {
  return await platform.database.query(
    endpoint,
    async (client) => (await client.query<Record<string, unknown>>(sql)).rows,
  );
}

/** What lies in the vault of actions that began since. */
export async function auditOf(platform: LocalPlatform, since: Date): Promise<AuditListing[]> {
  const listings: AuditListing[] = [];
  const { s3 } = platform.clients;
  for await (const listing of listAudit({ s3, bucket: platform.bucket('Vault/Bucket'), since })) {
    listings.push(listing);
  }
  return listings;
}

/** Sends an event to the bootstrap as CloudFormation would. */
export async function askForRoles(
  platform: LocalPlatform,
  properties: Readonly<Record<string, string>>,
  event: Readonly<Record<string, unknown>> = {},
): Promise<{ invocation: Invocation; answer: Record<string, unknown> }> {
  let answer = '{}';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer = Buffer.concat(chunks).toString();
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { finished } = platform.invoke('DatabaseRoles/Bootstrap', {
      RequestType: 'Update',
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Roles',
      PhysicalResourceId: 'roles',
      ResourceProperties: {
        MasterSecretArn: platform.rotatedSecret('Rotations/Master/'),
        AppSecretArn: platform.rotatedSecret('Rotations/App/'),
        BackupSecretArn: platform.rotatedSecret('Rotations/Backup/'),
        Database: platform.database.master.database,
        Owner: 'golive_owner',
        ...properties,
      },
      OldResourceProperties: {},
      ...event,
    });
    const invocation = await finished;
    return { invocation, answer: JSON.parse(answer) as Record<string, unknown> };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
