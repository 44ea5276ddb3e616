import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import { DatabaseSecret, type PostgresEndpoint } from '../../../core/postgres/endpoint';
import { endpointFromSecret } from '../../../core/postgres/secret';
import {
  bootstrapRoles,
  DatabaseRolesProperties,
  removeRoles,
  type Credentials,
  type Login,
} from '../../../core/secrets/bootstrap';
import { jsonOrUndefined } from '../../../core/shared/json';
import { defineCustomResource, type CustomResourceRequest } from '../../shared/custom-resource';
import { BootstrapEnvironment } from './env';

const secretsManager = new SecretsManagerClient({});

type Request = CustomResourceRequest<z.output<typeof BootstrapEnvironment>, DatabaseRolesProperties>;

/** Makes the roles of the database at deployment, as the custom resource `Custom::DatabaseRoles`. */
export const handler = defineCustomResource({
  name: 'secrets/bootstrap',
  environment: BootstrapEnvironment,
  properties: DatabaseRolesProperties,
  create: bootstrap,
  update: async (request, before) => {
    const result = await bootstrap(request);
    const { Owner } = request.properties;
    if (before && before.Owner !== Owner) {
      request.logger.warn(
        `role "${before.Owner}" is the owner no more and stays, with all that it owns: as the master, REASSIGN OWNED BY "${before.Owner}" TO "${Owner}" in each database, then DROP ROLE "${before.Owner}"`,
      );
    }
    return result;
  },
  delete: async (request) => {
    const { properties, logger, signal } = request;
    if (properties.OnDelete === 'keep') {
      logger.info('the roles stay, as the resource asks for');
      return {};
    }
    const [connect, backup] = await Promise.all([
      master(request),
      loginOf(properties.BackupSecretArn, properties.Database, request),
    ]);
    const removed = await removeRoles({
      connect,
      owner: properties.Owner,
      backupUsername: backup.username,
      signal,
    });
    tell(request, removed);
    return {};
  },
});

async function bootstrap(request: Request) {
  const { properties, signal } = request;
  const { Owner: owner, AdoptObjects: adoptObjects, Database } = properties;
  const [connect, app, backup] = await Promise.all([
    master(request),
    loginOf(properties.AppSecretArn, Database, request),
    loginOf(properties.BackupSecretArn, Database, request),
  ]);
  tell(request, await bootstrapRoles({ connect, owner, app, backup, adoptObjects, signal }));
  return { data: { Owner: owner } };
}

async function master({ properties, environment }: Request): Promise<PostgresEndpoint> {
  return await endpointFromSecret(secretsManager, properties.MasterSecretArn, {
    database: properties.Database,
    caFile: environment.DATABASE_CA_FILE,
  });
}

async function loginOf(arn: string, database: string, { environment }: Request): Promise<Login> {
  const place = { database, caFile: environment.DATABASE_CA_FILE };
  const [{ user: username, password }, pending] = await Promise.all([
    endpointFromSecret(secretsManager, arn, place),
    pendingOf(arn),
  ]);
  return { username, password, pending };
}

/** Undefined where no rotation has made one. */
async function pendingOf(arn: string): Promise<Credentials | undefined> {
  const text = await secretsManager
    .send(new GetSecretValueCommand({ SecretId: arn, VersionStage: 'AWSPENDING' }))
    .then(
      ({ SecretString }) => SecretString,
      (error: unknown) => {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      },
    );
  return DatabaseSecret.safeParse(jsonOrUndefined(text)).data;
}

function tell(
  { logger }: Request,
  { changes, notes }: { changes: readonly string[]; notes: readonly string[] },
) {
  logger.info(changes.length === 0 ? 'all roles are as they are to be' : 'the roles were changed', {
    changes,
  });
  for (const note of notes) logger.warn(note);
}
