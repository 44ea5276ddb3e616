import type { AlarmBase, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { declareCompositeAlarm } from '../shared/alarm';
import type { EdgeAlarms, TargetAlarms } from './edge';
import type { WebServiceAlarms } from './web-service-alarms';

export interface ServicePageProps {
  /** `gateway` */
  readonly name: string;
  readonly targets: TargetAlarms;
  readonly service: WebServiceAlarms;
}

/**
 * One page for whatever takes a service away from people. It is kept back while something is deployed to it; that has an end,
 * see `alarms.services.deploymentMinutes`. Where Container Insights is off nobody knows of deployments: then nothing is kept
 * back, and what a roll-out does is shorter than the M of N of each alarm.
 */
export function pageForService(
  scope: Construct,
  id: string,
  { name, targets, service }: ServicePageProps,
): CompositeAlarm {
  const { errors, noHealthyHost, unhealthyRouting } = targets;
  return declareCompositeAlarm(scope, id, {
    severity: 'critical',
    anchor: 'services-unwell',
    subject: name,
    description: `People cannot use ${name}, or soon cannot.`,
    anyOf: [errors, noHealthyHost, unhealthyRouting, ...(service.tasksMissing ? [service.tasksMissing] : [])],
    ...(service.quietWhile && { quietWhile: service.quietWhile }),
  });
}

/** The load balancer answers with errors of its own, and no service has been paged for. */
export function pageForEdge(
  scope: Construct,
  id: string,
  { errors, rejectedConnections }: EdgeAlarms,
  services: readonly AlarmBase[],
): CompositeAlarm {
  return declareCompositeAlarm(scope, id, {
    severity: 'critical',
    anchor: 'edge-unwell',
    description: 'The load balancer turns people away, and no service is known to be unwell.',
    anyOf: [errors, rejectedConnections],
    unless: services,
  });
}
