import { Duration, Stack } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IWidget,
  type Metric,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import {
  capabilityDashboardName,
  dashboardUrl,
  overviewDashboardName,
} from '../../../core/alerting/alarm-fields';
import { alarmGraphs, GRAPH_WIDTH } from './alarm-graphs';
import { alarmsNotWell, alarmStatus, WIDTH } from './alarm-status';
import { inRows } from './in-rows';
import type { ShownAlarm } from './shown-alarm';

export interface OverviewDashboardProps {
  readonly environment: string;
  /** Of all of them. */
  readonly alarms: readonly ShownAlarm[];
  /** Each has a dashboard. */
  readonly capabilities: readonly string[];
  readonly runbookUrl: string;
  readonly loadBalancer: IApplicationLoadBalancer;
  /** Counts of what was done on purpose. */
  readonly changes: readonly Metric[];
}

/** What says whether it is all right, by the sections of the alarms that judge it. */
const SIGNS: readonly { readonly title: string; readonly anchors: readonly string[] }[] = [
  { title: 'Errors, percent of answers', anchors: ['edge-target-errors', 'edge-errors'] },
  { title: 'The slowest hundredth of the answers, seconds', anchors: ['edge-slow'] },
  { title: 'Saturation of services', anchors: ['services-cpu-exhausted', 'services-memory-exhausted'] },
  {
    title: 'Database',
    anchors: [
      'database-cpu-exhausted',
      'database-connections-exhausted',
      'database-storage-low',
      'database-memory-low',
      'database-disk-slow',
    ],
  },
  { title: 'Cache', anchors: ['cache-cpu-exhausted', 'cache-memory-high', 'cache-evictions'] },
  {
    title: 'Backups, drill and rotation as the monitors judge them every hour: 0 well, 1 warning, 2 critical',
    anchors: [
      'dump-freshness',
      'snapshot-freshness',
      'restore-drill',
      'off-site-copy',
      'rotation-overdue',
      'rotation-stuck',
      'not-picked-up',
    ],
  },
];

/** Whether an environment is all right, from top to bottom: what pages, what informs, traffic, and the signs. */
export class OverviewDashboard extends Dashboard {
  constructor(scope: Construct, id: string, props: OverviewDashboardProps) {
    const { environment, alarms, capabilities } = props;
    super(scope, id, {
      dashboardName: overviewDashboardName(environment),
      periodOverride: PeriodOverride.INHERIT,
    });
    for (const widget of alarmStatus(
      'Critical: each pages somebody',
      alarms.filter(({ severity }) => severity === 'critical'),
    )) {
      this.addWidgets(widget);
    }
    this.addWidgets(links(Stack.of(this).region, props));
    const others = capabilities.flatMap((capability) =>
      alarmsNotWell(
        `${capability}: warnings that sound, or have no figures`,
        alarms.filter((alarm) => alarm.capability === capability && alarm.severity !== 'critical'),
        WIDTH / 2,
      ),
    );
    for (const row of inRows(others)) this.addWidgets(...row);
    this.addWidgets(heading('Traffic, and what was changed'));
    this.addWidgets(traffic(props));
    for (const { title, anchors } of SIGNS) {
      const graphs = alarmGraphs(
        Stack.of(this),
        anchors.flatMap((anchor) => alarms.filter((alarm) => alarm.anchor === anchor)),
      );
      if (graphs.length === 0) continue;
      this.addWidgets(heading(title));
      for (const row of inRows(graphs)) this.addWidgets(...row);
    }
  }
}

function links(
  region: string,
  {
    environment,
    capabilities,
    runbookUrl,
  }: Pick<OverviewDashboardProps, 'environment' | 'capabilities' | 'runbookUrl'>,
): IWidget {
  const dashboards = capabilities.map((capability) => {
    const name = capabilityDashboardName(environment, capability);
    return `[${name}](${dashboardUrl(region, name)})`;
  });
  return new TextWidget({
    markdown: [
      `**${environment}** · [Runbook](${runbookUrl}) · the same in a terminal: \`golive status -e ${environment}\``,
      dashboards.join(' · '),
    ].join('\n\n'),
    width: WIDTH,
    height: 2,
  });
}

function heading(words: string): IWidget {
  return new TextWidget({ markdown: `## ${words}`, width: WIDTH, height: 1 });
}

/** Vertical lines of CloudWatch stand at times that are written down, so changes are bars of their own, on the right. */
function traffic({ loadBalancer, changes }: OverviewDashboardProps): IWidget {
  return new GraphWidget({
    title: 'Requests a minute, and changes',
    left: [loadBalancer.metrics.requestCount({ period: Duration.minutes(1), label: 'requests' })],
    leftYAxis: { min: 0, showUnits: false },
    right: [...changes],
    rightYAxis: { min: 0, showUnits: false },
    width: 3 * GRAPH_WIDTH,
    height: 6,
  });
}
