import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { checkHealth, putHealth, SEVERITY, type Check, type HealthReport } from '../../../core/backup/health';
import { readOperations } from '../../../core/backup/read-operations';
import { defineHandler } from '../../shared/define-handler';
import { S3_ADDRESSING } from '../../shared/s3-client';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { MonitorEnvironment } from './env';

const ssm = new SSMClient({});
const { s3, rds } = clientsIn(undefined);

function clientsIn(region: string | undefined) {
  const place = region === undefined ? {} : { region };
  return {
    rds: new RDSClient({ ...place, retryMode: 'adaptive', maxAttempts: 5 }),
    s3: new S3Client({ ...place, ...S3_ADDRESSING }),
  };
}

/** Asks every hour whether the backups are in order, and says it as a report, as metrics and in the log. */
export const handler = defineHandler({
  name: 'backup/monitor',
  environment: MonitorEnvironment,
  event: ScheduledEvent,
  run: async ({ shared, logger, metrics }) => {
    const operations = await readOperations(ssm, shared.GOLIVE_ENVIRONMENT);
    const report = await checkHealth({ s3, rds, operations, clientsIn });
    measure(metrics, report);
    for (const check of report.checks) if (check.status !== 'ok') logger.warn(sentence(check), { ...check });
    await putHealth(s3, operations.vaultBucket, report);
    return { status: report.status, checks: report.checks.map(({ name, status }) => ({ name, status })) };
  },
});

/** One metric for each check: 0 ok, 1 warning or not run, 2 critical. */
function measure(metrics: Metrics, { checks }: HealthReport): void {
  for (const { name, status } of checks) {
    const metric = metrics.singleMetric();
    metric.addDimension('check', name);
    metric.addMetric('BackupHealth', MetricUnit.NoUnit, SEVERITY[status]);
  }
}

function sentence({ name, status, figure, limit }: Check): string {
  return `${name} is ${status}: ${figure} (${limit})`;
}
