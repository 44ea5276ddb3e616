import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { audited } from '../../../core/audit';
import { systemClock } from '../../../core/backup/snapshot/clock';
import { runSnapshotJob, type SnapshotReport } from '../../../core/backup/snapshot/run-snapshot-job';
import { auditorOf } from '../../shared/auditor';
import { defineHandler } from '../../shared/define-handler';
import { S3_ADDRESSING } from '../../shared/s3-client';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { SnapshotEnvironment } from './env';

let rds: RDSClient | undefined;
const s3 = new S3Client(S3_ADDRESSING);

/** Takes a manual snapshot of the database on schedule, and prunes the expired ones of its own. */
export const handler = defineHandler({
  name: 'backup/snapshot',
  environment: SnapshotEnvironment,
  event: ScheduledEvent,
  run: async ({ event, environment, shared, logger, metrics, tracer, context, deadline, signal }) => {
    // Adaptive: slows down by itself when the account's other callers have used up the API's rate.
    rds ??= tracer.captureAWSv3Client(new RDSClient({ retryMode: 'adaptive', maxAttempts: 5 }));
    const session = { rds, clock: systemClock, deadline, signal };
    const request = {
      environment: shared.GOLIVE_ENVIRONMENT,
      instanceIdentifier: environment.DATABASE_INSTANCE_IDENTIFIER,
      instanceResourceId: environment.DATABASE_RESOURCE_ID,
      scheduledFor: event.scheduledFor,
      retention: {
        retentionDays: environment.SNAPSHOT_RETENTION_DAYS,
        keepNewest: environment.SNAPSHOT_KEEP_NEWEST,
      },
    };
    const auditor = auditorOf(
      { logger, context, environment: shared.GOLIVE_ENVIRONMENT },
      { s3, bucket: environment.VAULT_BUCKET },
    );
    const target = `snapshot of ${request.instanceIdentifier}`;
    const report = await audited(auditor, { action: 'backup.create', target }, async (note) => {
      const made = await runSnapshotJob(session, request);
      note({ identifier: made.snapshotIdentifier, status: made.status, pruned: made.pruned });
      return made;
    });
    logger.info(report.status === 'available' ? 'snapshot completed' : 'snapshot still being made by RDS', {
      trigger: event.trigger,
      ...report,
    });
    if (report.pruneFailures.length > 0) {
      logger.warn('expired snapshots could not be pruned; the next run tries again', {
        failures: report.pruneFailures,
      });
    }
    if (report.quotaUnknownBecause !== undefined) {
      logger.warn('the manual snapshot quota could not be read', { reason: report.quotaUnknownBecause });
    }
    measure(metrics, report);
    return report;
  },
});

function measure(metrics: Metrics, report: SnapshotReport): void {
  metrics.addMetric('SnapshotTaken', MetricUnit.Count, 1);
  // Only a complete snapshot can be restored: alarms on age watch this one.
  if (report.status === 'available') metrics.addMetric('SnapshotCompleted', MetricUnit.Count, 1);
  if (report.durationSeconds !== undefined) {
    metrics.addMetric('SnapshotDurationSeconds', MetricUnit.Seconds, report.durationSeconds);
  }
  metrics.addMetric('SnapshotsPruned', MetricUnit.Count, report.pruned.length);
  metrics.addMetric('SnapshotPruneFailed', MetricUnit.Count, report.pruneFailures.length);
  if (report.quotaUsedPercent !== undefined) {
    metrics.addMetric('SnapshotQuotaUsedPercent', MetricUnit.Percent, report.quotaUsedPercent);
  }
}
