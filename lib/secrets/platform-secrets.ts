import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import type { ReplicaNames } from '../recovery/replica-names';
import type { PlatformSettings } from '../shared/platform-settings';
import { sentryDsnName } from '../shared/sentry-dsn';
import { APP_USER, BACKUP_USER } from './database-roles';
import { databaseLogin, noRingYet, notSetYet } from './initial-values';
import { PlatformSecret, type PlatformSecretProps } from './platform-secret';

export interface PlatformSecretsProps {
  readonly platform: PlatformSettings;
  readonly key: IKey;
  readonly postgres: Postgres;
  readonly replica: ReplicaNames | undefined;
  readonly tokenAlgorithm: EnvironmentConfig['secrets']['jwt']['algorithm'];
}

/** What the product and its operators keep secret, but for the credentials of those who own the database and the cache. */
export class PlatformSecrets extends Construct {
  /** The services' login. */
  readonly app: PlatformSecret;
  /** The dumps' login, which reads everything and writes nothing. */
  readonly backup: PlatformSecret;
  /** The key ring that signs tokens. */
  readonly jwt: PlatformSecret;
  /** The key ring that encrypts what the product stores. */
  readonly data: PlatformSecret;
  /** The routing key of PagerDuty, and nothing else. */
  readonly pagerDuty: PlatformSecret;
  /** What third parties give. */
  readonly setByPeople: readonly PlatformSecret[];

  constructor(scope: Construct, id: string, props: PlatformSecretsProps) {
    super(scope, id);
    const { platform, key, postgres, replica, tokenAlgorithm } = props;
    const make = (
      secretId: string,
      own: Pick<PlatformSecretProps, 'name' | 'physicalName' | 'description' | 'initially' | 'isSetByPeople'>,
    ) => new PlatformSecret(this, secretId, { platform, key, replica, ...own });
    this.app = make('App', {
      name: 'app',
      description: 'The login of the services at PostgreSQL',
      initially: { generated: databaseLogin(this, APP_USER, postgres) },
    });
    this.backup = make('Backup', {
      name: 'backup',
      description: 'The read-only login of the dumps at PostgreSQL',
      initially: { generated: databaseLogin(this, BACKUP_USER, postgres) },
    });
    // A ring keeps its algorithm, so each algorithm has a secret: with another, the ring of the old one stays behind.
    this.jwt = make({ EdDSA: 'Jwt', ES256: 'JwtEs256' }[tokenAlgorithm], {
      name: 'jwt',
      description: 'The key ring that signs tokens',
      initially: { placeholder: noRingYet(tokenAlgorithm) },
    });
    this.data = make('Data', {
      name: 'data',
      description: 'The key ring that encrypts what the product stores',
      initially: { placeholder: noRingYet('A256GCM') },
    });
    const fromPeople = { initially: { placeholder: notSetYet() }, isSetByPeople: true };
    this.pagerDuty = make('PagerDuty', {
      ...fromPeople,
      name: 'pagerduty',
      description: 'The routing key of PagerDuty',
    });
    this.setByPeople = [
      make('SentryDsn', {
        ...fromPeople,
        name: 'sentry-dsn',
        physicalName: sentryDsnName(platform.environmentName),
        description: 'Where errors are reported to',
      }),
      this.pagerDuty,
      make('Slack', { ...fromPeople, name: 'slack', description: "Slack's workspace and channel" }),
    ];
  }
}
