import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { destroyClients, startEmulator } from '../../../local/emulator';
import { startPostgres, type LocalPostgres } from '../../../local/postgres';
import { Supervisor } from '../../../local/supervisor';

/** A database with logins, and a Secrets Manager with what is known of them. */
export interface PoolWorld {
  readonly postgres: LocalPostgres;
  readonly secretsManager: SecretsManagerClient;
  setPassword(user: string, password: string): Promise<void>;
  /** Makes a login and a secret of it, and returns the secret's id. */
  createUser(user: string, password: string): Promise<string>;
  /** Puts a version with that login and returns its id. */
  put(secret: string, login: Login, stage?: 'AWSCURRENT' | 'AWSPENDING'): Promise<string>;
  /** What `finishSecret` does. */
  finish(secret: string, version: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export async function startPoolWorld(): Promise<PoolWorld> {
  const supervisor = Supervisor.start();
  const [postgres, { clients }] = await Promise.all([
    startPostgres({ supervisor }),
    startEmulator(supervisor, 'eu-west-1'),
  ]);
  const { secretsManager } = clients;
  const { host, port, database } = postgres.master;
  const valueOf = (login: Login) =>
    JSON.stringify({ engine: 'postgres', host, port, dbname: database, ...login });
  const asMaster = (sql: string) => postgres.query(postgres.master, (client) => client.query(sql));
  return {
    postgres,
    secretsManager,
    setPassword: async (user, password) => {
      // The test server writes late, and one test crashes it.
      await asMaster(
        `SET synchronous_commit = on; ALTER ROLE ${escapeIdentifier(user)} PASSWORD ${escapeLiteral(password)}`,
      );
    },
    createUser: async (user, password) => {
      await asMaster(`CREATE ROLE ${escapeIdentifier(user)} LOGIN PASSWORD ${escapeLiteral(password)}`);
      const id = `${user}-${randomUUID()}`;
      const SecretString = valueOf({ username: user, password });
      await secretsManager.send(new CreateSecretCommand({ Name: id, SecretString }));
      return id;
    },
    put: async (secret, login, stage = 'AWSCURRENT') => {
      const command = new PutSecretValueCommand({
        SecretId: secret,
        SecretString: valueOf(login),
        VersionStages: [stage],
      });
      return (await secretsManager.send(command)).VersionId!;
    },
    finish: async (secret, version) => {
      const { VersionId } = await secretsManager.send(new GetSecretValueCommand({ SecretId: secret }));
      await secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secret,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: version,
          RemoveFromVersionId: VersionId,
        }),
      );
    },
    stop: async () => {
      destroyClients(clients);
      await supervisor.stop();
    },
  };
}
