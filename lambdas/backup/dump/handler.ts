import { join } from 'node:path';
import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { audited } from '../../../core/audit';
import { latestManifest } from '../../../core/backup/catalogue';
import { chooseRunner } from '../../../core/backup/dump/choose-runner';
import { DeadlineReachedError } from '../../../core/backup/dump/errors';
import type { FingerprintLimits } from '../../../core/backup/fingerprint';
import { dumpS3Client } from '../../../core/backup/dump/s3-client';
import { takeDump, type DumpResult } from '../../../core/backup/dump/take-dump';
import { backupIdAt } from '../../../core/backup/vault-layout';
import type * as z from 'zod';
import { endpointFromSecret } from '../../../core/postgres/secret';
import { auditorOf } from '../../shared/auditor';
import { defineHandler } from '../../shared/define-handler';
import { S3_ADDRESSING } from '../../shared/s3-client';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { DumpEnvironment } from './env';

/** The image holds RDS's certificate authorities beside the bundle. */
const IMAGE_CA_FILE = join(process.env['LAMBDA_TASK_ROOT'] ?? __dirname, 'rds-ca.pem');

const secretsManager = new SecretsManagerClient({});
const s3 = dumpS3Client(S3_ADDRESSING);

/** Streams one dump of the database into the vault. The scheduled instant names the backup. */
export const handler = defineHandler({
  name: 'backup/dump',
  environment: DumpEnvironment,
  event: ScheduledEvent,
  run: async ({ event, environment, shared, logger, metrics, tracer, context, deadline, signal }) => {
    const auditor = auditorOf(
      { logger, context, environment: shared.GOLIVE_ENVIRONMENT },
      { s3, bucket: environment.VAULT_BUCKET },
    );
    const backupId = backupIdAt(event.scheduledFor);
    const target = `dump ${environment.DATABASE_NAME}/${backupId}`;
    const handOver = (reason: string) => {
      metrics.addMetric('DumpHandedOver', MetricUnit.Count, 1);
      // The rule that starts the task waits for just this answer.
      const answer = { outcome: 'handed-over', scheduledFor: event.scheduledFor.toISOString(), reason };
      logger.info('the task takes this dump', answer);
      return answer;
    };
    const isAuto = environment.RUNNER === 'auto';
    try {
      if (isAuto) {
        const last = await latestManifest(s3, environment.VAULT_BUCKET, environment.DATABASE_NAME);
        const { runner, reason } = chooseRunner({ configured: 'auto', last });
        if (runner === 'task') return handOver(reason);
      }
      const result = await audited(auditor, { action: 'backup.create', target }, async (note) => {
        const endpoint = await endpointFromSecret(secretsManager, environment.DATABASE_SECRET_ARN, {
          database: environment.DATABASE_NAME,
          caFile: environment.DATABASE_CA_FILE ?? IMAGE_CA_FILE,
        });
        const made = await untilTerminated(signal, (ends) =>
          takeDump({
            s3,
            bucket: environment.VAULT_BUCKET,
            endpoint,
            source: {
              instanceIdentifier: environment.DATABASE_INSTANCE_IDENTIFIER,
              dbiResourceId: environment.DATABASE_RESOURCE_ID,
            },
            environment: shared.GOLIVE_ENVIRONMENT,
            scheduledFor: event.scheduledFor,
            path: process.env['PATH'] ?? '',
            fingerprint: {
              connections: Number(environment.FINGERPRINT_CONNECTIONS),
              limits: limitsOf(environment),
            },
            deadline,
            signal: ends,
            log: {
              info: (message, fields) => logger.info(message, fields),
              warn: (message, fields) => logger.warn(message, fields),
            },
          }),
        );
        note({ outcome: made.outcome, bytes: made.manifest.archive.bytes });
        return made;
      });
      const { manifest, outcome } = result;
      tracer.putAnnotation('backupId', manifest.backupId);
      count(metrics, result);
      const { key: archive, bytes } = manifest.archive;
      const answer = { outcome, backupId: manifest.backupId, archive, bytes };
      logger.info('the backup is in the vault', answer);
      return answer;
    } catch (error) {
      // It is not lost: the task takes it for the same instant, and without a limit.
      if (isAuto && error instanceof DeadlineReachedError) return handOver(error.message);
      metrics.addMetric('DumpFailed', MetricUnit.Count, 1);
      throw error;
    }
  },
});

function limitsOf({
  FINGERPRINT_MAX_TABLE_BYTES: bytes,
}: z.output<typeof DumpEnvironment>): FingerprintLimits {
  return bytes === undefined ? {} : { maxTableBytes: Number(bytes) };
}

function count(metrics: Metrics, { manifest, outcome }: DumpResult): void {
  metrics.addMetric('DumpFailed', MetricUnit.Count, 0);
  // Also when it was there already: what the alarm asks is whether the scheduled backup exists.
  metrics.addMetric('DumpCompleted', MetricUnit.Count, 1);
  // A backup of which a restore cannot be proven: the alarm on it is the only one who tells.
  metrics.addMetric('DumpNotFingerprinted', MetricUnit.Count, 'notTaken' in manifest.fingerprint ? 1 : 0);
  if (outcome === 'already-exists') return;
  const seconds = (Date.parse(manifest.completedAt) - Date.parse(manifest.startedAt)) / 1000;
  metrics.addMetric('DumpBytes', MetricUnit.Bytes, manifest.archive.bytes);
  metrics.addMetric('DumpDurationSeconds', MetricUnit.Seconds, seconds);
  metrics.addMetric(
    'DumpThroughputBytesPerSecond',
    MetricUnit.BytesPerSecond,
    manifest.archive.bytes / seconds,
  );
  metrics.addMetric('DatabaseSizeBytes', MetricUnit.Bytes, manifest.source.sizeBytes);
}

/** SIGTERM ends the dump cleanly: the local platform sends it at Ctrl-C, as ECS does before it stops a task. */
async function untilTerminated<T>(signal: AbortSignal, work: (ends: AbortSignal) => Promise<T>): Promise<T> {
  const terminated = new AbortController();
  const terminate = () => terminated.abort();
  process.once('SIGTERM', terminate);
  try {
    return await work(AbortSignal.any([signal, terminated.signal]));
  } finally {
    process.off('SIGTERM', terminate);
  }
}
