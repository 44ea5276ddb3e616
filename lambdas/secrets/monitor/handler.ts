import { MetricUnit, type Metrics } from '@aws-lambda-powertools/metrics';
import { ECSClient } from '@aws-sdk/client-ecs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { readSecretsOperations } from '../../../core/secrets/read-secrets-operations';
import {
  evaluateSecrets,
  isUnreadable,
  observeSecrets,
  SECRETS_SEVERITY,
  type SecretsCheck,
  type SecretsFacts,
  type SecretsReport,
} from '../../../core/secrets/status';
import { defineHandler } from '../../shared/define-handler';
import { ScheduledEvent } from '../../shared/scheduled-event';
import { MonitorEnvironment } from './env';

const ssm = new SSMClient({});
const retries = { retryMode: 'adaptive', maxAttempts: 5 } as const;
const clients = { secretsManager: new SecretsManagerClient(retries), ecs: new ECSClient(retries) };

const DAY_MS = 86_400_000;

/** Asks every hour how old the secrets are and whether that is in order, and says it as metrics and in the log. */
export const handler = defineHandler({
  name: 'secrets/monitor',
  environment: MonitorEnvironment,
  event: ScheduledEvent,
  run: async ({ shared, logger, metrics }) => {
    const operations = await readSecretsOperations(ssm, shared.GOLIVE_ENVIRONMENT);
    const facts = await observeSecrets(clients, operations);
    const report = evaluateSecrets(facts, operations.limits, facts.observedAt);
    measureAges(metrics, facts);
    measureChecks(metrics, report);
    for (const check of report.checks) if (check.status !== 'ok') logger.warn(sentence(check), { ...check });
    return { status: report.status, checks: report.checks.map(({ name, status }) => ({ name, status })) };
  },
});

/** One metric for each secret that has a value: the age of the version in use. */
function measureAges(metrics: Metrics, { secrets, observedAt }: SecretsFacts): void {
  for (const { name, state } of secrets) {
    if (isUnreadable(state) || !state.current) continue;
    const metric = metrics.singleMetric();
    metric.addDimension('secret', name);
    const age = observedAt.getTime() - state.current.createdAt.getTime();
    metric.addMetric('SecretAgeDays', MetricUnit.NoUnit, Math.max(age, 0) / DAY_MS);
  }
}

/** One metric for each check: 0 ok, 1 warning or not run, 2 critical. */
function measureChecks(metrics: Metrics, { checks }: SecretsReport): void {
  for (const { name, status } of checks) {
    const metric = metrics.singleMetric();
    metric.addDimension('check', name);
    metric.addMetric('SecretsHealth', MetricUnit.NoUnit, SECRETS_SEVERITY[status]);
  }
}

function sentence({ name, status, figure, limit }: SecretsCheck): string {
  return `${name} is ${status}: ${figure} (${limit})`;
}
