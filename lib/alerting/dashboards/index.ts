import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import type { DeclaredAlarm } from '../../shared/alarm';
import { CapabilityDashboard } from './capability-dashboard';
import { OverviewDashboard } from './overview-dashboard';
import { showAlarms } from './shown-alarm';

export interface DashboardsProps {
  readonly environment: string;
  /** All of the environment. */
  readonly alarms: readonly DeclaredAlarm[];
  /** Where people read the runbook, without a section. */
  readonly runbookUrl: string;
  readonly loadBalancer: IApplicationLoadBalancer;
  /** Counts of deployments and rotations. @default none */
  readonly changes?: readonly Metric[];
}

/** One overview of an environment, and a dashboard for each capability that has alarms. */
export class Dashboards extends Construct {
  constructor(scope: Construct, id: string, props: DashboardsProps) {
    super(scope, id);
    const { environment, runbookUrl, loadBalancer, changes = [] } = props;
    const alarms = showAlarms(this, environment, props.alarms);
    const capabilities = [...new Set(alarms.map(({ capability }) => capability))];
    new OverviewDashboard(this, 'Overview', {
      environment,
      alarms,
      capabilities,
      runbookUrl,
      loadBalancer,
      changes,
    });
    for (const capability of capabilities) {
      new CapabilityDashboard(this, capability, {
        environment,
        capability,
        alarms: alarms.filter((alarm) => alarm.capability === capability),
        runbookUrl,
      });
    }
  }
}
