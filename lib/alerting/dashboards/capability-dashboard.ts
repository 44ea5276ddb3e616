import { Stack } from 'aws-cdk-lib';
import { Dashboard, PeriodOverride, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import {
  capabilityDashboardName,
  dashboardUrl,
  overviewDashboardName,
} from '../../../core/alerting/alarm-fields';
import { TEST_ANCHOR } from '../../../core/alerting/test-alarm';
import { alarmGraphs } from './alarm-graphs';
import { alarmStatus, WIDTH } from './alarm-status';
import { inRows } from './in-rows';
import type { ShownAlarm } from './shown-alarm';

export interface CapabilityDashboardProps {
  readonly environment: string;
  readonly capability: string;
  /** Of the capability alone. */
  readonly alarms: readonly ShownAlarm[];
  /** Where people read the runbook. */
  readonly runbookUrl: string;
}

/** Every function has these two, and a test alarm measures nothing: they are listed, and have no graph. */
const LISTED_ONLY = ['function-slow', 'function-throttled', TEST_ANCHOR];

/** All alarms of one capability, the critical ones first, and what they measure. */
export class CapabilityDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: CapabilityDashboardProps) {
    const { environment, capability, alarms, runbookUrl } = props;
    super(scope, id, {
      dashboardName: capabilityDashboardName(environment, capability),
      // What is drawn is what the alarm judges.
      periodOverride: PeriodOverride.INHERIT,
    });
    const { region } = Stack.of(this);
    const overview = dashboardUrl(region, overviewDashboardName(environment));
    this.addWidgets(
      new TextWidget({
        markdown: `# ${environment}: ${capability}\n[Overview](${overview}) · [Runbook](${runbookUrl}) has a section for each alarm, by the name behind its severity`,
        width: WIDTH,
        height: 2,
      }),
    );
    const critical = alarms.filter(({ severity }) => severity === 'critical');
    const others = alarms.filter((alarm) => !critical.includes(alarm));
    for (const widget of [...alarmStatus('Critical', critical), ...alarmStatus('Others', others)]) {
      this.addWidgets(widget);
    }
    const drawn = alarms.filter(({ anchor }) => !LISTED_ONLY.includes(anchor));
    for (const row of inRows(alarmGraphs(Stack.of(this), drawn))) this.addWidgets(...row);
  }
}
