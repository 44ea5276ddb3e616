import { Stack } from 'aws-cdk-lib';
import { EventField, type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import type { IConstruct } from 'constructs';
import type { Change } from '../../core/alerting/pagerduty';
import { rotationEvents } from '../shared/rotation-events';

/** Whose changes are told. */
export interface ChangeEvents {
  readonly environmentName: string;
  /** Of the secrets that a function rotates. */
  readonly rotatedArns: readonly string[];
}

interface ChangeRule {
  readonly id: string;
  readonly description: string;
  readonly eventPattern: EventPattern;
  readonly change: Change;
}

/**
 * A deployment of a service that ECS completed. Services are known by the name of their stack, which is in their cluster's,
 * so nothing here ties them to this one.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 */
export function deployed(scope: IConstruct, { environmentName }: ChangeEvents): ChangeRule {
  const { partition, region, account } = Stack.of(scope);
  const services = `arn:${partition}:ecs:${region}:${account}:service/${environmentName}-Services-`;
  return {
    id: 'Deployed',
    description: `A service of ${environmentName} was deployed: a change event for PagerDuty`,
    eventPattern: {
      source: ['aws.ecs'],
      detailType: ['ECS Deployment State Change'],
      resources: Match.prefix(services),
      detail: { eventName: ['SERVICE_DEPLOYMENT_COMPLETED'] },
    },
    change: {
      what: 'deployed',
      target: EventField.fromPath('$.resources[0]'),
      time: EventField.time,
      details: { detail: EventField.fromPath('$.detail') },
    },
  };
}

/** A rotation that succeeded. */
export function rotated({ environmentName, rotatedArns }: ChangeEvents): ChangeRule {
  return {
    id: 'Rotated',
    description: `A secret of ${environmentName} was rotated: a change event for PagerDuty`,
    eventPattern: rotationEvents(['RotationSucceeded'], rotatedArns),
    change: {
      what: 'secret rotated',
      target: EventField.fromPath('$.detail.additionalEventData.SecretId'),
      time: EventField.time,
      // Not the whole of it: CloudTrail tells who and from where, which is nobody's business there.
      details: { eventName: EventField.fromPath('$.detail.eventName'), region: EventField.region },
    },
  };
}
