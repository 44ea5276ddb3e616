import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { z } from 'zod';
import { RotateAppEnvironment } from '../../lambdas/secrets/rotate-app/env';
import { RotateBackupEnvironment } from '../../lambdas/secrets/rotate-backup/env';
import { RotateCacheEnvironment } from '../../lambdas/secrets/rotate-cache/env';
import { RotateDataEnvironment } from '../../lambdas/secrets/rotate-data/env';
import { RotateJwtEnvironment } from '../../lambdas/secrets/rotate-jwt/env';
import { RotateMasterEnvironment } from '../../lambdas/secrets/rotate-master/env';
import type { EnvironmentConfig } from '../config';
import type { Cache } from '../database/cache';
import type { Postgres } from '../database/postgres';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadSecret, type KeyedSecret } from '../shared/secret-access';
import { BACKUP_USER, type DatabaseRoles, OWNER } from './database-roles';
import { oldestBackupDays } from './oldest-backup';
import type { PlatformSecrets } from './platform-secrets';
import { type DatabaseReach, RotatedSecret, type RotatedSecretProps } from './rotated-secret';

export interface RotationsProps {
  readonly config: EnvironmentConfig;
  readonly platform: PlatformSettings;
  readonly postgres: Postgres;
  readonly cache: Cache;
  readonly secrets: PlatformSecrets;
  readonly reach: DatabaseReach;
  /** Whose logins are rotated, and so must be there. */
  readonly roles: DatabaseRoles;
}

type Rotated = keyof EnvironmentConfig['secrets']['rotation'];

/** How each secret that a function can renew is rotated. */
export class Rotations extends Construct {
  /** Whoever starts a rotation must be allowed to invoke its function. */
  readonly functionArns: readonly string[];
  /** What its functions run as. */
  readonly roles: readonly IRole[];

  constructor(scope: Construct, id: string, props: RotationsProps) {
    super(scope, id);
    const database = this.rotateDatabaseUsers(props);
    const rings = this.rotateKeyRings(props);
    const cache = this.rotateCacheUser(props);
    const all = [...database, ...rings, cache];
    this.functionArns = all.map((one) => one.function.function.functionArn);
    this.roles = all.map((one) => one.role);
  }

  private rotateDatabaseUsers(props: RotationsProps) {
    const { postgres, reach, roles, secrets } = props;
    const inDatabase = { reach, makesPasswords: true };
    const master = this.rotate(props, 'Master', 'master', {
      ...inDatabase,
      secret: postgres.keyedSecret,
      contract: RotateMasterEnvironment,
      environment: { SECRET_ARN: postgres.secret.secretArn },
    });
    const app = this.rotate(props, 'App', 'app', {
      ...inDatabase,
      secret: secrets.app,
      contract: RotateAppEnvironment,
      environment: { SECRET_ARN: secrets.app.secretArn, OWNER_ROLE: OWNER },
    });
    const backup = this.rotate(props, 'Backup', 'backup', {
      ...inDatabase,
      secret: secrets.backup,
      contract: RotateBackupEnvironment,
      environment: { SECRET_ARN: secrets.backup.secretArn, USERNAME: BACKUP_USER },
    });
    for (const helped of [app, backup]) {
      grantReadSecret(helped.function, postgres.keyedSecret);
      helped.runsAfter(roles.resource);
    }
    return [master, app, backup];
  }

  private rotateKeyRings(props: RotationsProps) {
    const { config, reach, roles, secrets } = props;
    const { publishMinutes, cacheSeconds, jwt: tokens, data: columns } = config.secrets;
    const times = {
      PUBLISH_SECONDS: String(Duration.minutes(publishMinutes).toSeconds()),
      CACHE_SECONDS: String(cacheSeconds),
    };
    // The first rotation makes the first ring: there is none that anybody could use before.
    const jwt = this.rotate(props, 'Jwt', 'jwt', {
      secret: secrets.jwt,
      contract: RotateJwtEnvironment,
      environment: {
        ...times,
        SECRET_ARN: secrets.jwt.secretArn,
        ALGORITHM: tokens.algorithm,
        MAX_TOKEN_SECONDS: String(Duration.minutes(tokens.maxTokenMinutes).toSeconds()),
      },
      isRotatedAtOnce: true,
    });
    const data = this.rotate(props, 'Data', 'data', {
      secret: secrets.data,
      contract: RotateDataEnvironment,
      environment: {
        ...times,
        SECRET_ARN: secrets.data.secretArn,
        BACKUP_SECONDS: String(Duration.days(oldestBackupDays(config)).toSeconds()),
        DATABASE_SECRET_ARN: secrets.backup.secretArn,
        DATABASE_NAME: props.postgres.databaseName,
        ENCRYPTED_COLUMNS: JSON.stringify(columns.encryptedColumns),
      },
      reach,
      isRotatedAtOnce: true,
      timeout: Duration.minutes(15), // Lambda's longest: it looks through every encrypted column
    });
    grantReadSecret(data.function, secrets.backup);
    data.runsAfter(roles.resource);
    for (const [ring, { secretArn }] of [
      [jwt, secrets.jwt],
      [data, secrets.data],
    ] as const) {
      ring.function.grantPrincipal.addToPrincipalPolicy(
        // The dates of its keys, so that the monitor need not read them.
        new PolicyStatement({ actions: ['secretsmanager:TagResource'], resources: [secretArn] }),
      );
    }
    return [jwt, data];
  }

  private rotateCacheUser(props: RotationsProps) {
    const { cache } = props;
    const user = this.rotate(props, 'Cache', 'cache', {
      secret: cache.keyedSecret,
      contract: RotateCacheEnvironment,
      environment: { SECRET_ARN: cache.userSecret.secretArn, CACHE_USER_ID: cache.userId },
      makesPasswords: true,
      timeout: Duration.minutes(15), // ElastiCache takes minutes to change a user, twice in one step
    });
    user.function.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['elasticache:DescribeUsers', 'elasticache:ModifyUser'],
        resources: [
          Stack.of(this).formatArn({
            service: 'elasticache',
            resource: 'user',
            resourceName: cache.userId,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
      }),
    );
    return user;
  }

  private rotate<Contract extends z.ZodObject>(
    { platform, config }: RotationsProps,
    id: string,
    name: Rotated,
    props: Omit<RotatedSecretProps<Contract>, 'platform' | 'functionName' | 'rotation'> & {
      readonly secret: KeyedSecret;
    },
  ): RotatedSecret<Contract> {
    return new RotatedSecret(this, id, {
      ...props,
      platform,
      functionName: `rotate-${name}`,
      rotation: config.secrets.rotation[name],
    });
  }
}
