import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { beat, readAlertingOperations, type SeverityHeartbeat } from '../../../core/alerting';
import { defineHandler } from '../../shared/define-handler';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { HeartbeatEnvironment } from './env';

const ssm = new SSMClient({});
const sfn = new SFNClient({ retryMode: 'adaptive', maxAttempts: 5 });

/** Sends the weekly heartbeat down every route, and says every hour how long ago one arrived. */
export const handler = defineHandler({
  name: 'alerting/heartbeat',
  environment: HeartbeatEnvironment,
  event: ScheduledEvent,
  run: async ({ event, environment, shared, logger, metrics }) => {
    const operations = await readAlertingOperations(ssm, shared.GOLIVE_ENVIRONMENT);
    const slot = { weekDay: environment.HEARTBEAT_WEEK_DAY, hour: environment.HEARTBEAT_HOUR };
    const severities = await beat({ sfn, operations, slot, now: event.scheduledFor });
    for (const one of severities) {
      measure(metrics, one);
      if (one.sent) logger.info(`a heartbeat was sent by every route of ${one.severity}`);
    }
    // By it the test alarms watch something; what sets them is Step Functions.
    metrics.addMetric('AlertingTest', MetricUnit.Count, 0);
    return { severities };
  },
});

function measure(metrics: Metrics, { severity, hoursSinceProof }: SeverityHeartbeat): void {
  const metric = metrics.singleMetric();
  metric.addDimension('severity', severity);
  metric.addMetric('HoursSincePathProven', MetricUnit.NoUnit, hoursSinceProof);
}
