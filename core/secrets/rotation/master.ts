import { DescribeSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { Client } from 'pg';
import * as z from 'zod';
import { DatabaseAuthenticationError } from '../../postgres/errors';
import { DatabaseSecretError } from '../../postgres/secret';
import { saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import { isSameHost, RotatedDatabaseSecret, type DatabaseSecretWithMaster } from './database-secret';
import { withUser, type DatabaseRotationOptions } from './database-user';
import { MasterMismatchError, SecretMalformedError } from './errors';

/** What RDS knows of its instances and clusters. */
export interface DatabaseInstances {
  /** Where an instance or a cluster is, by its ARN; undefined when there is none. */
  describeByArn(
    arn: string,
  ): Promise<{ readonly host: string; readonly port: number; readonly engine: string } | undefined>;
  /** Whether one host is a read replica of the other's instance, or a reader of its cluster. */
  isReplica(host: string, ofHost: string): Promise<boolean>;
}

export interface MasterOptions extends DatabaseRotationOptions {
  /** @default - none: the user's host must be the master's own, and the master's secret must say which */
  readonly instances?: DatabaseInstances | undefined;
}

/** A master secret that RDS manages says nothing else. */
const ManagedMasterSecret = z.looseObject({ username: z.string().min(1), password: z.string().min(1) });

/** RDS puts one of these on the secrets that it manages. */
const OWNER_TAGS = ['aws:rds:primaryDBInstanceArn', 'aws:rds:primaryDBClusterArn'];
/** The longest value of a tag: a longer one is cut off or made up. */
const ARN_CHARACTERS = 256;

/**
 * Lends a connection of the master user in the child's database, when it is the master of the child's server.
 *
 * While the master rotates, its database takes the pending password a moment before its secret calls it current, so
 * that one is tried, too.
 *
 * @throws MasterMismatchError, SecretMalformedError, DatabaseSecretError, or what the connection or `use` throws
 */
export async function withMaster<T>(
  options: MasterOptions,
  child: DatabaseSecretWithMaster,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const master = await readMaster(options, child, 'AWSCURRENT');
  await refuseOtherMaster(options, child, master);
  try {
    return await withUser(options, master, use);
  } catch (error) {
    if (!(error instanceof DatabaseAuthenticationError)) throw error;
    const next = await readMaster(options, child, 'AWSPENDING').catch(() => undefined);
    if (!next || next.host !== master.host || next.username !== master.username) throw error;
    return await withUser(options, next, use);
  }
}

async function readMaster(
  options: MasterOptions,
  { masterarn, dbname }: DatabaseSecretWithMaster,
  stage: string,
): Promise<RotatedDatabaseSecret> {
  const { SecretString } = await options.secretsManager
    .send(new GetSecretValueCommand({ SecretId: masterarn, VersionStage: stage }))
    .catch((error: unknown) => {
      throw new DatabaseSecretError(
        `the master secret ${masterarn} could not be read: ${saidBy(error)}; correct "masterarn" in the secret, and let the function read that secret and use its key`,
        { cause: error },
      );
    });
  const value = jsonOrUndefined(SecretString);
  const whole = RotatedDatabaseSecret.safeParse(value);
  // The child's database, for that is where its rights are.
  if (whole.success) return { ...whole.data, dbname };
  const managed = ManagedMasterSecret.safeParse(value);
  if (managed.success && !('host' in managed.data)) {
    const { username, password } = managed.data;
    return { ...(await placeOfManaged(options, masterarn)), username, password, dbname };
  }
  const problems = whole.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new SecretMalformedError(
    `the master secret ${masterarn} does not describe a user of a database (${problems.join('; ')}); attach it to the instance`,
  );
}

async function placeOfManaged(
  { secretsManager, instances }: MasterOptions,
  masterArn: string,
): Promise<Pick<RotatedDatabaseSecret, 'engine' | 'host' | 'port'>> {
  const { Tags = [] } = await secretsManager.send(new DescribeSecretCommand({ SecretId: masterArn }));
  const arn = Tags.find(({ Key }) => OWNER_TAGS.includes(Key ?? ''))?.Value;
  if (!arn || arn.length > ARN_CHARACTERS) {
    throw new MasterMismatchError(
      `the master secret ${masterArn} holds no host and has no tag of RDS that names its instance; name the secret that RDS manages, or attach this one to the instance`,
    );
  }
  const place = await instances?.describeByArn(arn);
  const engine = RotatedDatabaseSecret.shape.engine.safeParse(place?.engine);
  if (place && engine.success) return { host: place.host, port: place.port, engine: engine.data };
  throw new MasterMismatchError(
    `${arn}, which the master secret ${masterArn} is of, is no PostgreSQL instance that RDS tells us of; see that it exists and that the function may describe it`,
  );
}

async function refuseOtherMaster(
  { instances }: MasterOptions,
  child: DatabaseSecretWithMaster,
  master: RotatedDatabaseSecret,
): Promise<void> {
  if (child.username === master.username) {
    throw new MasterMismatchError(
      `the secret is of "${child.username}", which is the master itself; rotate it with its own help`,
    );
  }
  if (isSameHost(child.host, master.host)) return;
  if (await instances?.isReplica(child.host, master.host)) return;
  throw new MasterMismatchError(
    `the secret is of ${child.host} and its master of ${master.host}, of which that is no replica; correct "host" or "masterarn" in the secret`,
  );
}
