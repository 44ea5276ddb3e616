import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { S3Client } from '@aws-sdk/client-s3';
import { audited } from '../../../core/audit';
import { pruneReplica } from '../../../core/backup/offsite/prune-replica';
import { auditorOf } from '../../shared/auditor';
import { defineHandler } from '../../shared/define-handler';
import { S3_ADDRESSING } from '../../shared/s3-client';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { DumpRetentionEnvironment } from './env';

let s3: S3Client | undefined;

/** Prunes the replica vault's dumps. Deletions are not replicated, so nobody else does. */
export const handler = defineHandler({
  name: 'recovery/dump-retention',
  environment: DumpRetentionEnvironment,
  event: ScheduledEvent,
  run: async ({ event, environment, shared, context, logger, metrics, tracer, signal }) => {
    s3 ??= tracer.captureAWSv3Client(new S3Client(S3_ADDRESSING));
    const request = {
      s3,
      bucket: environment.REPLICA_BUCKET,
      policy: environment.RETENTION_POLICY,
      freshWithinHours: environment.FRESH_WITHIN_HOURS,
      holder: `recovery/dump-retention ${context.awsRequestId}`,
      signal,
      log: { warn: (message: string, fields: Record<string, unknown>) => logger.warn(message, fields) },
    };
    // On the log alone: the vault whose records an operator reads is in the other region, and may be lost.
    const auditor = auditorOf({ logger, context, environment: shared.GOLIVE_ENVIRONMENT });
    const target = `dumps in ${environment.REPLICA_BUCKET}`;
    const report = await audited(auditor, { action: 'backup.prune', target }, async (note) => {
      const done = await pruneReplica(request);
      note({ pruned: done.pruned, heldBack: done.heldBack });
      return done;
    });
    if (report.heldBack === undefined) {
      logger.info('the replica vault is pruned', { trigger: event.trigger, ...report });
    } else {
      logger.warn('nothing was pruned: what lies here may be all that there will be', {
        trigger: event.trigger,
        ...report,
      });
    }
    metrics.addMetric('ReplicaDumps', MetricUnit.Count, report.dumps - report.pruned.length);
    metrics.addMetric('ReplicaDumpsPruned', MetricUnit.Count, report.pruned.length);
    metrics.addMetric('ReplicaDumpsProtected', MetricUnit.Count, report.protected.length);
    metrics.addMetric('ReplicaRetentionHeldBack', MetricUnit.Count, report.heldBack === undefined ? 0 : 1);
    return report;
  },
});
