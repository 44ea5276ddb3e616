import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { audited } from '../../../core/audit';
import { readOperations } from '../../../core/backup/read-operations';
import {
  obstaclesOf,
  requireComplete,
  runRetention,
  type RetentionReport,
} from '../../../core/backup/retention';
import { auditorOf } from '../../shared/auditor';
import { defineHandler } from '../../shared/define-handler';
import { S3_ADDRESSING } from '../../shared/s3-client';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { RetentionEnvironment } from './env';

const ssm = new SSMClient({});
const rds = new RDSClient({ retryMode: 'adaptive', maxAttempts: 5 });
const s3 = new S3Client(S3_ADDRESSING);

/** Prunes the dumps that no rule keeps, and sweeps up what dead runs have left. */
export const handler = defineHandler({
  name: 'backup/retention',
  environment: RetentionEnvironment,
  event: ScheduledEvent,
  run: async ({ shared, logger, metrics, context, signal }) => {
    const operations = await readOperations(ssm, shared.GOLIVE_ENVIRONMENT);
    const vault = { s3, bucket: operations.vaultBucket };
    const auditor = auditorOf({ logger, context, environment: operations.environment }, vault);
    const target = `dumps in ${operations.vaultBucket}`;
    const report = await audited(auditor, { action: 'backup.prune', target }, async (note) => {
      const result = await runRetention({
        ...vault,
        rds,
        policy: operations.retention,
        expectedEveryHours: operations.dumpExpectedEveryHours,
        holder: `retention function, request ${context.awsRequestId}`,
        log: { warn: (message, fields) => logger.warn(message, fields) },
        signal,
      });
      const answer = summaryOf(result);
      note(answer);
      measure(metrics, result);
      logger.info('retention was applied', answer);
      requireComplete(result);
      return answer;
    });
    return report;
  },
});

function summaryOf({ survey, pruned }: RetentionReport) {
  return {
    lastRun: survey.lastRun,
    kept: survey.plan.keep.length,
    pruned: pruned.dumps
      .filter(({ outcome }) => outcome === 'pruned')
      .map(({ database, backupId }) => `${database}/${backupId}`),
    obstacles: obstaclesOf(pruned).map(({ message }) => message),
    sweptObjects: pruned.debris.orphans.map(({ key }) => key),
    abortedUploads: pruned.debris.uploads.map(({ key }) => key),
  };
}

function measure(metrics: Metrics, { survey, pruned }: RetentionReport): void {
  const prunedDumps = pruned.dumps.filter(({ outcome }) => outcome === 'pruned');
  metrics.addMetric('DumpsKept', MetricUnit.Count, survey.plan.keep.length);
  metrics.addMetric('DumpsPruned', MetricUnit.Count, prunedDumps.length);
  metrics.addMetric(
    'DebrisSwept',
    MetricUnit.Count,
    pruned.debris.orphans.length + pruned.debris.uploads.length,
  );
}
