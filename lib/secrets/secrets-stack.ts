import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import type { SecretOperations } from '../../core/secrets/operations';
import type { EnvironmentConfig } from '../config';
import { rotationDays } from '../config/rotation';
import type { Cache } from '../database/cache';
import type { Postgres } from '../database/postgres';
import type { ReplicaNames } from '../recovery/replica-names';
import { DataKey } from '../shared/data-key';
import { FailureQueue } from '../shared/failure-queue';
import { declarePages } from '../shared/pages';
import { platformSettings } from '../shared/platform-settings';
import { secretsKeyAlias } from '../shared/sentry-dsn';
import { DatabaseRoles } from './database-roles';
import { SECRETS_PAGES } from './pages';
import { PickUpJob } from './pick-up-job';
import type { PlatformSecret } from './platform-secret';
import { PlatformSecrets } from './platform-secrets';
import { RotationAlarms } from './rotation-alarms';
import { Rotations } from './rotations';
import { SecretFunctionsNetwork } from './secret-functions-network';
import { SecretPolicy } from './secret-policy';
import { SecretsMonitorJob } from './secrets-monitor-job';
import { SecretsOperationsParameter } from './secrets-operations-parameter';
import { SecretsOperatorAccess } from './secrets-operator-access';

export interface SecretsStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly vpc: IVpc;
  readonly postgres: Postgres;
  readonly cache: Cache;
  /** Where secrets are replicated to, when the configuration wants it. @default nowhere */
  readonly replica?: ReplicaNames | undefined;
}

/** The application's secrets, the rotation of these and of the Database stack's, and who watches over it. */
export class SecretsStack extends Stack {
  readonly secrets: PlatformSecrets;
  readonly rotations: Rotations;
  /** Of every secret that a function rotates, also those that the Database stack owns. */
  readonly rotatedArns: readonly string[];

  constructor(scope: Construct, id: string, props: SecretsStackProps) {
    super(scope, id, props);
    const { config, vpc, postgres, cache } = props;
    const platform = platformSettings(config);
    const key = new DataKey(this, 'Key', {
      description: `Encrypts the application's secrets (${platform.environmentName})`,
      removalPolicy: platform.removalPolicy,
    });
    // By it functions of other stacks know the key. It goes with the stack, so that the next one can have it.
    key.addAlias(secretsKeyAlias(platform.environmentName));
    const { queue: failureQueue } = new FailureQueue(this, 'FailedEvents', {
      capability: 'secrets',
      isDeadLetterQueue: true, // of the changes to be picked up
    });
    this.secrets = new PlatformSecrets(this, 'Secrets', {
      platform,
      key,
      postgres,
      replica: config.secrets.replicate ? props.replica : undefined,
      tokenAlgorithm: config.secrets.jwt.algorithm,
    });
    new SecretPolicy(this, 'MasterPolicy', postgres.secret.secretArn);
    new SecretPolicy(this, 'CachePolicy', cache.userSecret.secretArn);

    const { reach } = new SecretFunctionsNetwork(this, 'Network', {
      vpc,
      postgres,
      subnets: config.secrets.subnets ?? config.backup.dump.subnets,
    });
    const roles = new DatabaseRoles(this, 'DatabaseRoles', {
      platform,
      postgres,
      reach,
      failureQueue,
      app: this.secrets.app,
      backup: this.secrets.backup,
    });
    this.rotations = new Rotations(this, 'Rotations', {
      config,
      platform,
      postgres,
      cache,
      reach,
      roles,
      secrets: this.secrets,
    });

    const operations = this.operationsOf(config, postgres, cache);
    const secretArns = operations.map(({ arn }) => arn);
    new PickUpJob(this, 'PickUpJob', { platform, secretArns, failureQueue });
    new SecretsMonitorJob(this, 'MonitorJob', {
      platform,
      secretArns,
      failureQueue,
      monitor: config.secrets.monitor,
    });
    const isRotated = ({ functionLabel }: (typeof operations)[number]) => functionLabel !== undefined;
    const rotatedArns = operations.filter(isRotated).map(({ arn }) => arn);
    this.rotatedArns = rotatedArns;
    new RotationAlarms(this, 'RotationAlarms', { platform, secretArns: rotatedArns });
    declarePages(this, 'secrets-unwell', SECRETS_PAGES);
    new SecretsOperatorAccess(this, 'OperatorAccess', {
      platform,
      key,
      secretArns,
      rotatedArns,
      rotationFunctionArns: this.rotations.functionArns,
      setByPeopleArns: this.secrets.setByPeople.map(({ secretArn }) => secretArn),
    });
    new SecretsOperationsParameter(this, 'Operations', {
      secretsVersion: 1,
      environment: config.name,
      secrets: operations,
      // Those with the environment's tag: the stack that makes them comes after this one.
      clusters: [],
      limits: config.secrets.monitor.limits,
    });
  }

  /** Every secret of the environment, as an operator's tools must know it. */
  private operationsOf(
    { secrets: { rotation }, backup: { dump, task }, sentry }: EnvironmentConfig,
    postgres: Postgres,
    cache: Cache,
  ): z.input<typeof SecretOperations>[] {
    const { app, backup, jwt, data, setByPeople } = this.secrets;
    const rotated = (
      name: keyof typeof rotation,
      { secretArn }: Pick<PlatformSecret, 'secretArn'>,
      kind: z.input<typeof SecretOperations>['kind'],
      usedBy: readonly string[] = [],
    ) => ({
      name,
      kind,
      arn: secretArn,
      rotationDays: rotationDays(rotation[name]),
      functionLabel: `secrets-rotate-${name}`,
      ...usedByWhom(usedBy),
    });
    const dumps = (login: typeof dump.login) => (dump.login === login ? ['dumps'] : []);
    return [
      rotated('master', postgres.secret, 'single-user', [
        ...dumps('admin'),
        ...(task ? ['operations task'] : []),
        'database roles',
        'rotation of app and backup',
      ]),
      rotated('app', app, 'alternating-user'),
      rotated('backup', backup, 'single-user', [...dumps('backup'), 'rotation of data']),
      rotated('jwt', jwt, 'key-ring'),
      rotated('data', data, 'key-ring'),
      rotated('cache', cache.userSecret, 'cache-user'),
      ...setByPeople.map(({ name, secretArn }) => ({
        name,
        arn: secretArn,
        kind: 'set-by-people' as const,
        ...usedByWhom(name === 'sentry-dsn' && sentry ? ['functions'] : []),
      })),
    ];
  }
}

function usedByWhom(usedBy: readonly string[]) {
  return usedBy.length > 0 ? { usedBy: [...usedBy] } : {};
}
