import { randomBytes, randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { PostgresEndpoint } from '../../../core/postgres/endpoint';
import { withSession } from '../../../core/postgres/session';
import {
  ROTATION_STEPS,
  runRotationStep,
  type RotationContext,
  type RotationOutcome,
} from '../../../core/secrets/rotation';
import { destroyClients, startEmulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';

export const OWNER = 'golive_owner';

export type DatabaseValue = Record<string, unknown> & {
  readonly username: string;
  readonly password: string;
  readonly host: string;
};

/** A PostgreSQL with an owner role and a master secret, and an emulated Secrets Manager. */
export interface RotationWorld {
  readonly postgres: LocalPostgres;
  readonly secretsManager: SecretsManagerClient;
  readonly masterArn: string;
  /** Makes a login that acts as the owner, and its secret. */
  createUser(username: string, options?: CreateUser): Promise<string>;
  stop(): Promise<void>;
}

export interface CreateUser {
  readonly password?: string;
  /** @default - acts as the owner */
  readonly readOnly?: boolean;
  readonly masterArn?: string;
  /** Fields of the secret that differ. */
  readonly value?: Readonly<Record<string, unknown>>;
}

export async function startRotationWorld(): Promise<RotationWorld> {
  const supervisor = Supervisor.start();
  const [postgres, { clients }] = await Promise.all([
    startPostgres({ supervisor }),
    startEmulator(supervisor, 'eu-west-1'),
  ]);
  const { secretsManager } = clients;
  const { master } = postgres;
  await postgres.query(master, async (client) => {
    await client.query(`CREATE ROLE ${OWNER} NOLOGIN; GRANT ${OWNER} TO ${master.user}`);
    await client.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER}`);
    await client.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${master.database} TO ${OWNER}`);
  });
  const masterArn = await createSecret(secretsManager, valueOf(master));
  return {
    postgres,
    secretsManager,
    masterArn,
    createUser: async (username, options = {}) => {
      const password = options.password ?? randomBytes(18).toString('base64url');
      const name = escapeIdentifier(username);
      await postgres.query(master, async (client) => {
        await client.query(`CREATE ROLE ${name} LOGIN PASSWORD ${escapeLiteral(password)}`);
        if (options.readOnly) await client.query(`GRANT pg_read_all_data TO ${name}`);
        else await client.query(`GRANT ${OWNER} TO ${name}; ALTER ROLE ${name} SET role = ${OWNER}`);
      });
      return await createSecret(secretsManager, {
        ...valueOf({ ...master, user: username, password }),
        masterarn: options.masterArn ?? masterArn,
        ...options.value,
      });
    },
    stop: async () => {
      destroyClients(clients);
      await supervisor.stop();
    },
  };
}

export function valueOf({ host, port, user, password, database }: PostgresEndpoint): DatabaseValue {
  return { engine: 'postgres', host, port, username: user, password, dbname: database };
}

export async function createSecret(secretsManager: SecretsManagerClient, value: unknown): Promise<string> {
  const { ARN } = await secretsManager.send(
    new CreateSecretCommand({ Name: `s-${randomUUID()}`, SecretString: JSON.stringify(value) }),
  );
  return ARN!;
}

/**
 * Makes the empty pending version that RotateSecret makes. moto's would call it current at once, and knows no version
 * without a value, so this one has a binary value, which counts as none.
 */
export async function beginRotation(secretsManager: SecretsManagerClient, arn: string): Promise<string> {
  const token = randomUUID();
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: arn,
      ClientRequestToken: token,
      SecretBinary: Buffer.from([0]),
      VersionStages: ['AWSPENDING'],
    }),
  );
  return token;
}

export type Strategy = { [Part in keyof RotationContext<never>['strategy']]: unknown };

export interface StepsContext {
  readonly secretsManager: SecretsManagerClient;
  readonly secretArn: string;
  /** Of whichever kind of secret. */
  readonly strategy: Strategy;
}

/** The steps of a rotation, one after the other, as Secrets Manager asks for them. */
export async function runSteps(
  context: StepsContext,
  token: string,
  steps: readonly string[] = ROTATION_STEPS,
): Promise<RotationOutcome[]> {
  const outcomes: RotationOutcome[] = [];
  for (const step of steps) {
    outcomes.push(
      await runRotationStep({ Step: step, SecretId: context.secretArn, ClientRequestToken: token }, {
        ...context,
        log: { info: () => undefined },
      } as RotationContext<never>),
    );
  }
  return outcomes;
}

export async function rotate(context: StepsContext): Promise<string> {
  const token = await beginRotation(context.secretsManager, context.secretArn);
  await runSteps(context, token);
  return token;
}

/** What a version holds; undefined when there is none with a value. */
export async function valueAt(
  secretsManager: SecretsManagerClient,
  arn: string,
  stage: string,
): Promise<DatabaseValue | undefined> {
  return await secretsManager.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: stage })).then(
    ({ SecretString }) =>
      SecretString === undefined ? undefined : (JSON.parse(SecretString) as DatabaseValue),
    () => undefined,
  );
}

export async function stagesOf(
  secretsManager: SecretsManagerClient,
  arn: string,
): Promise<Record<string, string[]>> {
  const { VersionIdsToStages } = await secretsManager.send(new DescribeSecretCommand({ SecretId: arn }));
  return VersionIdsToStages ?? {};
}

/** Whether what a version says logs in, over TLS. */
export async function worksAt(world: RotationWorld, arn: string, stage: string): Promise<boolean> {
  const value = await valueAt(world.secretsManager, arn, stage);
  if (!value) return false;
  return await withSession(
    { ...world.postgres.master, host: value.host, user: value.username, password: value.password },
    'golive-test',
    { statementTimeoutMs: 10_000 },
    () => Promise.resolve(true),
  ).catch(() => false);
}
