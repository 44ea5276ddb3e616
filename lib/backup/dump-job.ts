import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { EventField, Rule } from 'aws-cdk-lib/aws-events';
import { EventBridgeDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DumpEnvironment } from '../../lambdas/backup/dump/env';
import type { EnvironmentConfig } from '../config';
import type { Postgres } from '../database/postgres';
import { SUBNETS } from '../network/subnets';
import { declareAlarm } from '../shared/alarm';
import { PlatformFunction } from '../shared/platform-function';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadSecret, type KeyedSecret } from '../shared/secret-access';
import type { OperationsTask } from './operations-task';
import { SCHEDULED_TIME, TaskJob } from './task-job';
import type { Vault } from './vault';
import { grantVault } from './vault-access';

export interface DumpJobProps {
  readonly platform: PlatformSettings;
  readonly vpc: ec2.IVpc;
  readonly postgres: Postgres;
  readonly vault: Vault;
  /** Who logs in to dump. */
  readonly login: KeyedSecret;
  readonly dump: EnvironmentConfig['backup']['dump'];
  readonly failureQueue: IQueue;
  /** Takes what is too large for the function. @default the function takes everything */
  readonly task: OperationsTask | undefined;
}

/**
 * Streams `pg_dump` into the vault on schedule. The function does it within Lambda's 15 minutes; a database that needs
 * longer is the task's, by configuration, or when the function says that the last dump came near its end of time.
 */
export class DumpJob extends Construct {
  readonly function: PlatformFunction<typeof DumpEnvironment>;
  readonly taskJob: TaskJob | undefined;

  constructor(scope: Construct, id: string, props: DumpJobProps) {
    super(scope, id);
    const { platform, vpc, postgres, vault, login, dump, failureQueue } = props;
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
        DATABASE_SECRET_ARN: login.secretArn,
        VAULT_BUCKET: vault.bucket.bucketName,
        RUNNER: props.task ? dump.runner : 'function',
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
      vpcSubnets: SUBNETS[dump.subnets],
      securityGroups: [securityGroup],
      // A second dump right after a failed one would only double the load; the next schedule comes.
      asynchronous: { failureQueue, retryAttempts: 0 },
      // Lambda itself delivers it, from outside the VPC: the function needs no way to EventBridge.
      ...(props.task && dump.runner === 'auto' && { onSuccess: new EventBridgeDestination() }),
    });
    // The rule that lets it in stands in this stack, so that the Database stack knows nothing of it.
    this.function.connections.allowTo(postgres, ec2.Port.tcp(5432), 'The dump function');
    grantReadSecret(this.function, login);
    vault.grantWriteDumps(this.function);
    grantVault(vault, this.function, { write: ['audit/'] });
    this.taskJob = props.task && this.makeTaskJob(props, props.task);
    if (this.taskJob && dump.runner === 'task') this.taskJob.runOn(dump.schedule);
    else this.function.runOn(dump.schedule);
    this.addNotFingerprintedAlarm();
  }

  private makeTaskJob({ platform, dump, failureQueue }: DumpJobProps, task: OperationsTask): TaskJob {
    const job = new TaskJob(this, 'Task', {
      platform,
      task,
      failureQueue,
      label: 'backup-dump-task',
      service: 'backup-dump',
      command: ['backup', 'create', '--parallel', '--scheduled-for', SCHEDULED_TIME, '--json'],
      timeout: Duration.hours(12),
    });
    if (dump.runner === 'auto') {
      new Rule(this, 'HandOver', {
        description:
          'Starts the task when the dump function says that the database has become too large for it',
        eventPattern: {
          source: ['lambda'],
          detailType: ['Lambda Function Invocation Result - Success'],
          resources: [`${this.function.function.functionArn}:$LATEST`],
          detail: { responsePayload: { outcome: ['handed-over'] } },
        },
        targets: [job.target(EventField.fromPath('$.detail.responsePayload.scheduledFor'))],
      });
    }
    return job;
  }

  /** A dump of which no restore can be proven stands in the vault like any other. */
  private addNotFingerprintedAlarm(): void {
    declareAlarm(this, 'NotFingerprintedAlarm', {
      severity: 'warning',
      anchor: 'backup-dump-not-fingerprinted',
      description: 'The last dump has no fingerprint, so a restore of it cannot be proven.',
      metric: this.function.metricOwn('DumpNotFingerprinted'),
      threshold: 1,
      comparison: '>=',
      of: [1, 1],
      onceIsEnough: 'each dump says it once, and it stays until the next one',
      missingData: 'ignore',
    });
  }
}
