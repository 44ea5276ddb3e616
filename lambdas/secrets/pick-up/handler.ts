import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Logger } from '@aws-lambda-powertools/logger';
import { ECSClient } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import { parseLabelUpdate, pickUp, type LabelUpdate, type PickUpResult } from '../../../core/secrets/pick-up';
import { defineHandler } from '../../shared/define-handler';
import { PickUpEnvironment } from './env';

const ecs = new ECSClient({ retryMode: 'adaptive', maxAttempts: 5 });

/**
 * A batch from the queue that holds the events back for a while.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
const QueuedEvents = z.object({
  Records: z.array(z.object({ messageId: z.string().min(1), body: z.string() })).min(1),
});

interface Queued {
  readonly messageId: string;
  readonly update: LabelUpdate | undefined;
}

/** Starts new deployments of the services that must begin anew to see a secret's new value. */
export const handler = defineHandler({
  name: 'secrets/pick-up',
  environment: PickUpEnvironment,
  event: QueuedEvents,
  run: async ({ event, environment, shared, logger, metrics }) => {
    const queued = event.Records.map(({ messageId, body }): Queued => ({
      messageId,
      update: parseLabelUpdate(body),
    }));
    const result = await pickUp({
      ecs,
      environment: shared.GOLIVE_ENVIRONMENT,
      clusters: environment.CLUSTER_ARNS.split(',').flatMap((arn) => arn.trim() || []),
      updates: queued.flatMap(({ update }) => update ?? []),
    });
    tell(logger, result);
    const failed = failedOf(queued, result);
    metrics.addMetric('DeploymentsStarted', MetricUnit.Count, countOf(result, 'started'));
    metrics.addMetric('DeploymentsFailed', MetricUnit.Count, countOf(result, 'failed'));
    metrics.addMetric('DeploymentsNotOurs', MetricUnit.Count, countOf(result, 'not-ours'));
    const unreadable = queued.filter(({ update }) => !update).length;
    if (unreadable > 0) logger.error(`${unreadable} messages are no event "Secret Label Updated"`);
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  },
});

/** Again later: what is no event of ours, so that it ends where somebody looks, and all that a failure concerns. */
function failedOf(queued: readonly Queued[], { services }: PickUpResult): Queued[] {
  const failed = services.filter(({ outcome }) => outcome === 'failed');
  const secrets = new Set(failed.flatMap(({ secretArns }) => secretArns));
  return queued.filter(({ update }) => !update || secrets.has(update.secretArn));
}

function countOf({ services }: PickUpResult, outcome: PickUpResult['services'][number]['outcome']): number {
  return services.filter((one) => one.outcome === outcome).length;
}

/** One line for each service that injects what changed, and one for each secret that none does. */
function tell(logger: Logger, { services, unused }: PickUpResult): void {
  for (const { service, secretArns, outcome, error } of services) {
    const { name, serviceArn, controller } = service;
    const more = { service: serviceArn, secrets: secretArns, outcome, ...(error !== undefined && { error }) };
    if (outcome === 'failed') logger.error(`${name} could not be deployed anew: ${error}`, more);
    else if (outcome === 'not-ours') {
      logger.warn(`${name} is deployed by ${controller}: start its deployment there`, more);
    } else logger.info(`${name}: ${outcome}`, more);
  }
  for (const secret of unused) logger.info('no service gets this secret at its start', { secret });
}
