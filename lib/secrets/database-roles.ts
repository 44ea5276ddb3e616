import { CustomResource, Duration, Size } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { z } from 'zod';
import type { DatabaseRolesProperties } from '../../core/secrets/bootstrap/properties';
import { BootstrapEnvironment } from '../../lambdas/secrets/bootstrap/env';
import type { Postgres } from '../database/postgres';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import type { DatabaseReach } from './rotated-secret';
import { grantReadSecret, type KeyedSecret } from '../shared/secret-access';

/** Owns everything that the product makes; nobody logs in as it. */
export const OWNER = 'golive_owner';
/** Logs in for the services, in turns with its clone, and acts as the owner. */
export const APP_USER = 'golive_app';
/** Logs in for the dumps. */
export const BACKUP_USER = 'golive_backup';

export interface DatabaseRolesProps {
  readonly platform: PlatformSettings;
  readonly postgres: Postgres;
  readonly reach: DatabaseReach;
  readonly app: KeyedSecret;
  readonly backup: KeyedSecret;
  readonly failureQueue: IQueue;
}

/** Counted up when the bootstrap is to run again though no property of it has changed. */
const ROLES_VERSION = '1';

/** The roles of the database, made by the master at deployment before anybody's password is rotated. */
export class DatabaseRoles extends Construct {
  readonly function: PlatformFunction<typeof BootstrapEnvironment>;
  /** Made when the roles are. */
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: DatabaseRolesProps) {
    super(scope, id);
    const { platform, postgres, app, backup } = props;
    this.function = new PlatformFunction(this, 'Bootstrap', {
      platform,
      source: { capability: 'secrets', name: 'bootstrap' },
      packaging: 'zip',
      contract: BootstrapEnvironment,
      environment: {},
      timeout: Duration.minutes(5),
      memory: Size.mebibytes(512),
      // CloudFormation waits for the answer that the function puts to it, and not for Lambda's: when that is a failure, the
      // stack rolls back, and a second try would undo it.
      asynchronous: { failureQueue: props.failureQueue, retryAttempts: 0 },
      ...props.reach,
    });
    for (const secret of [postgres.keyedSecret, app, backup]) grantReadSecret(this.function, secret);
    const properties: z.input<typeof DatabaseRolesProperties> = {
      MasterSecretArn: postgres.secret.secretArn,
      AppSecretArn: app.secretArn,
      BackupSecretArn: backup.secretArn,
      Database: postgres.databaseName,
      Owner: OWNER,
    };
    this.resource = new CustomResource(this, 'Roles', {
      resourceType: 'Custom::DatabaseRoles',
      serviceToken: this.function.function.functionArn,
      serviceTimeout: Duration.minutes(6), // the function's time, and for when it could not answer
      // With another address the secrets have been generated anew, too, and their passwords must be set.
      properties: { ...properties, Version: ROLES_VERSION, Address: postgres.address, Port: postgres.port },
    });
    // The function's way to the database, too.
    this.resource.node.addDependency(...props.reach.securityGroups);
  }
}
