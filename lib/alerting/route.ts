import { Duration } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Places } from '../../core/alerting/alarm-fields';
import type { Severity } from '../../core/alerting/alarm-name';
import type { AlertingRoute } from '../../core/alerting/operations';
import type { AlarmsOf } from './alarm-events';

/** What every route is told. */
export interface RouteProps {
  readonly alarms: AlarmsOf;
  readonly places: (severity: Severity) => Places;
  /** Where an event ends that could not be delivered. */
  readonly failureQueue: IQueue;
}

/** What somebody must know of a route who proves it. */
export type ProvenRoute = AlertingRoute;

/**
 * How long a delivery is tried again. An older alarm is told by e-mail as undelivered: what comes after an hour is
 * no alarm any more. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export const RETRIES = { retryAttempts: 185, maxEventAge: Duration.hours(1) } as const;
