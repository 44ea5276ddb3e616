import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import type { Tracer } from '@aws-lambda-powertools/tracer';
import { RDSClient } from '@aws-sdk/client-rds';
import { audited } from '../../../core/audit';
import { copySnapshots, type CopyReport } from '../../../core/backup/offsite/copy-snapshots';
import { SnapshotCopyError } from '../../../core/backup/offsite/errors';
import { systemClock } from '../../../core/backup/snapshot/clock';
import { auditorOf } from '../../shared/auditor';
import { defineHandler } from '../../shared/define-handler';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { SnapshotCopiesEnvironment } from './env';

let clients: { readonly source: RDSClient; readonly target: RDSClient } | undefined;

/** Copies the database's snapshots into this Region, and prunes the expired copies of its own. */
export const handler = defineHandler({
  name: 'recovery/snapshot-copies',
  environment: SnapshotCopiesEnvironment,
  event: ScheduledEvent,
  run: async ({ event, environment, shared, context, logger, metrics, tracer, deadline, signal }) => {
    clients ??= {
      source: rdsClient(tracer, environment.SOURCE_REGION),
      target: rdsClient(tracer),
    };
    const session = { clock: systemClock, deadline, signal };
    try {
      const source = { ...session, rds: clients.source };
      const copies = { ...session, rds: clients.target };
      // On the log alone: the vault whose records an operator reads is in the other region, and may be lost.
      const auditor = auditorOf({ logger, context, environment: shared.GOLIVE_ENVIRONMENT });
      const target = `snapshot copies from ${environment.SOURCE_REGION}`;
      const report = await audited(auditor, { action: 'backup.create', target }, async (note) => {
        const done = await copySnapshots(source, copies, {
          environment: shared.GOLIVE_ENVIRONMENT,
          kmsKeyArn: environment.REPLICA_KEY_ARN,
          retention: {
            retentionDays: environment.COPY_RETENTION_DAYS,
            keepNewest: environment.COPY_KEEP_NEWEST,
          },
        });
        note({ started: done.started, pruned: done.pruned });
        return done;
      });
      logger.info('snapshots are copied, or RDS is at it', { trigger: event.trigger, ...report });
      if (report.pruneFailures.length > 0) {
        logger.warn('expired copies could not be pruned; the next run tries again', {
          failures: report.pruneFailures,
        });
      }
      measure(metrics, report);
      return report;
    } catch (error) {
      if (error instanceof SnapshotCopyError) {
        metrics.addMetric('SnapshotCopyFailed', MetricUnit.Count, error.failures.length);
      }
      throw error;
    }
  },
});

/** @param region @default the function's own */
function rdsClient(tracer: Tracer, region?: string): RDSClient {
  return tracer.captureAWSv3Client(
    // Adaptive: slows down by itself when the account's other callers have used up the API's rate.
    new RDSClient({ retryMode: 'adaptive', maxAttempts: 5, ...(region !== undefined && { region }) }),
  );
}

function measure(metrics: Metrics, report: CopyReport): void {
  metrics.addMetric('SnapshotCopyFailed', MetricUnit.Count, 0);
  metrics.addMetric('SnapshotCopiesStarted', MetricUnit.Count, report.started.length);
  metrics.addMetric('SnapshotCopiesWaiting', MetricUnit.Count, report.waiting.length);
  metrics.addMetric('SnapshotCopiesPruned', MetricUnit.Count, report.pruned.length);
  metrics.addMetric('SnapshotCopyPruneFailed', MetricUnit.Count, report.pruneFailures.length);
  if (report.newestCapturedAt !== undefined) {
    const seconds = (Date.now() - Date.parse(report.newestCapturedAt)) / 1000;
    metrics.addMetric('NewestSnapshotCopyAgeSeconds', MetricUnit.Seconds, Math.max(0, seconds));
  }
  if (report.quotaUsedPercent !== undefined) {
    metrics.addMetric('SnapshotQuotaUsedPercent', MetricUnit.Percent, report.quotaUsedPercent);
  }
}
