import { Duration } from 'aws-cdk-lib';
import { type Alarm, type AlarmBase, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { type AlarmDeclaration, declareAlarm, declareCompositeAlarm, type QuietWhile } from '../shared/alarm';
import type { WebServiceMetrics } from './web-service-metrics';

export interface WebServiceAlarmsProps {
  /** `gateway` */
  readonly name: string;
  readonly metrics: WebServiceMetrics;
  /** As many tasks as there are at the quietest hour. */
  readonly minTasks: number;
  /** Whether CloudWatch counts tasks and deployments: Container Insights does. */
  readonly isCounted: boolean;
  readonly limits: EnvironmentConfig['alarms']['services'];
}

export interface WebServiceAlarms {
  /** @default none - Container Insights is off */
  readonly tasksMissing: Alarm | undefined;
  /** What keeps pages back while a deployment is under way. @default none - Container Insights is off */
  readonly quietWhile: QuietWhile | undefined;
}

const MINUTE = Duration.minutes(1);
/** A deployment and a task that is replaced are over by then. */
const MINUTES = 5;

/** What a service's tasks say of themselves. What people get is the edge's to tell. */
export function alarmWebService(scope: Construct, props: WebServiceAlarmsProps): WebServiceAlarms {
  const { name, metrics, minTasks, limits } = props;
  const alarm = (
    id: string,
    declaration: Omit<AlarmDeclaration, 'severity' | 'of' | 'missingData'> &
      Partial<Pick<AlarmDeclaration, 'missingData'>>,
  ) =>
    declareAlarm(scope, id, {
      severity: 'warning',
      subject: name,
      of: [MINUTES, MINUTES],
      // A service of which there is no figure has no task.
      missingData: 'breaching',
      ...declaration,
    });
  const everyMinute = { period: MINUTE, statistic: Stats.AVERAGE };
  alarm('CpuAlarm', {
    anchor: 'services-cpu-exhausted',
    description: `The tasks of ${name} use more than ${limits.cpuPercent} % of their processors.`,
    metric: metrics.cpu(everyMinute),
    threshold: limits.cpuPercent,
    comparison: '>',
  });
  alarm('MemoryAlarm', {
    anchor: 'services-memory-exhausted',
    description: `The tasks of ${name} use more than ${limits.memoryPercent} % of their memory.`,
    metric: metrics.memory(everyMinute),
    threshold: limits.memoryPercent,
    comparison: '>',
  });
  if (!props.isCounted) return { tasksMissing: undefined, quietWhile: undefined };
  return {
    tasksMissing: alarm('TasksMissingAlarm', {
      anchor: 'services-tasks-missing',
      description: `Fewer than ${minTasks} tasks of ${name} run.`,
      metric: metrics.runningTasks({ period: MINUTE, statistic: Stats.MINIMUM }),
      threshold: minTasks,
      comparison: '<',
      // It pages, and a silent Container Insights is no reason to: that no task is left is told by the load balancer.
      missingData: 'notBreaching',
    }),
    quietWhile: {
      alarm: alarmDeployments(scope, props),
      wait: Duration.seconds(limits.quietWaitSeconds),
      extension: Duration.seconds(limits.quietExtensionSeconds),
    },
  };
}

/**
 * Sounds while something is deployed, and for no longer than a deployment takes: one that hangs must not keep a page back
 * for ever, and is an alarm of its own.
 */
function alarmDeployments(scope: Construct, { name, metrics, limits }: WebServiceAlarmsProps): AlarmBase {
  const deployments = {
    subject: name,
    metric: metrics.deployments({ period: MINUTE, statistic: Stats.MAXIMUM }),
    threshold: 1,
    comparison: '>',
    missingData: 'notBreaching',
  } as const;
  const running = declareAlarm(scope, 'DeployingAlarm', {
    ...deployments,
    severity: 'info',
    anchor: 'services-deploying',
    description: `Something is deployed to ${name}.`,
    of: [1, 1],
    onceIsEnough: 'a second deployment is a deployment, and it must be known at once',
  });
  const slow = declareAlarm(scope, 'DeploymentSlowAlarm', {
    ...deployments,
    severity: 'warning',
    anchor: 'services-deployment-slow',
    description: `A deployment to ${name} has been under way for ${limits.deploymentMinutes} minutes.`,
    of: [limits.deploymentMinutes, limits.deploymentMinutes],
  });
  return declareCompositeAlarm(scope, 'QuietAlarm', {
    severity: 'info',
    anchor: 'services-quiet',
    subject: name,
    description: `Pages of ${name} are kept back while something is deployed.`,
    anyOf: [running],
    unless: [slow],
  });
}
