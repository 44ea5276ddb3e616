import { Duration, Size } from 'aws-cdk-lib';
import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DumpEnvironment } from '../../lambdas/backup/dump/env';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { DATA_SUBNETS, EGRESS_SUBNETS } from '../network/subnets';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { runbook } from '../shared/runbook';
import type { Vault } from './vault';

export interface DumpJobProps {
  readonly platform: PlatformSettings;
  readonly vpc: ec2.IVpc;
  readonly postgres: Postgres;
  readonly vault: Vault;
  readonly dump: EnvironmentConfig['backup']['dump'];
  readonly failureQueue: IQueue;
}

/** Streams `pg_dump` into the vault on schedule. */
export class DumpJob extends Construct {
  readonly function: PlatformFunction<typeof DumpEnvironment>;

  constructor(scope: Construct, id: string, props: DumpJobProps) {
    super(scope, id);
    const { platform, vpc, postgres, vault, dump, failureQueue } = props;
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Dump function: to PostgreSQL and to AWS services',
      allowAllOutbound: false,
    });
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, 'S3 and Secrets Manager');

    this.function = new PlatformFunction(this, 'Dump', {
      platform,
      source: { capability: 'backup', name: 'dump' },
      packaging: 'image',
      contract: DumpEnvironment,
      environment: {
        DATABASE_INSTANCE_IDENTIFIER: postgres.instanceIdentifier,
        DATABASE_RESOURCE_ID: postgres.resourceId,
        DATABASE_NAME: postgres.databaseName,
        DATABASE_SECRET_ARN: postgres.secret.secretArn,
        VAULT_BUCKET: vault.bucket.bucketName,
        FINGERPRINT_CONNECTIONS: String(dump.fingerprint.connections),
        ...(dump.fingerprint.maxTableGiB !== undefined && {
          FINGERPRINT_MAX_TABLE_BYTES: String(Size.gibibytes(dump.fingerprint.maxTableGiB).toBytes()),
        }),
      },
      timeout: Duration.minutes(15), // Lambda's longest
      // 1,769 MB are one processor: pg_dump and its compression take one, TLS and checksums most of another.
      memory: Size.mebibytes(3008),
      ephemeralStorageSize: Size.mebibytes(512), // the archive is streamed and never lies on disk
      vpc,
      vpcSubnets: { egress: EGRESS_SUBNETS, isolated: DATA_SUBNETS }[dump.subnets],
      securityGroups: [securityGroup],
      // A second dump right after a failed one would only double the load; the next schedule comes.
      asynchronous: { failureQueue, retryAttempts: 0 },
    });
    // The rule that lets it in stands in this stack, so that the Database stack knows nothing of it.
    this.function.connections.allowTo(postgres, ec2.Port.tcp(5432), 'The dump function');
    postgres.grantReadCredentials(this.function);
    vault.grantWriteDumps(this.function);
    this.function.runOn(dump.schedule);
    this.addNotFingerprintedAlarm();
  }
  /** A dump of which no restore can be proven stands in the vault like any other. */
  private addNotFingerprintedAlarm(): void {
    this.function.metricOwn('DumpNotFingerprinted').createAlarm(this, 'NotFingerprintedAlarm', {
      alarmDescription: `The last dump has no fingerprint, so a restore of it cannot be proven. ${runbook('backup-dump', 'not-fingerprinted')}`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.IGNORE,
    });
  }
}
