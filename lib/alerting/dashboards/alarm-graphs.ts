import { Reference, Stack, Tokenization } from 'aws-cdk-lib';
import {
  AlarmWidget,
  GraphWidget,
  type IWidget,
  MathExpression,
  type Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { groupBy } from '../../../core/shared/group-by';
import { type ShownAlarm, titleOf } from './shown-alarm';

export const GRAPH_WIDTH = 8;
const HEIGHT = 6;

/**
 * What alarms measure, with the thresholds that they have. Alarms on one metric that can be named from here share a graph,
 * such as all checks of the monitor. Each of the others has one that CloudWatch draws by the alarm itself, figures and threshold: a metric's dimension
 * that only another stack knows would have that stack export it, and no resource with an export in use can be replaced.
 *
 * @param from the stack that the dashboard is of
 */
export function alarmGraphs(from: Stack, alarms: readonly ShownAlarm[]): IWidget[] {
  const measured = alarms.flatMap((alarm) => (isMeasured(alarm) ? [alarm] : []));
  return [...groupBy(measured, graphOf).values()].flatMap((group) =>
    group.every((alarm) => canBeNamedFrom(from, alarm)) ? [shared(group)] : group.map(byAlarm),
  );
}

type Measured = ShownAlarm & { readonly measured: NonNullable<ShownAlarm['measured']> };

function isMeasured(alarm: ShownAlarm): alarm is Measured {
  return alarm.measured !== undefined;
}

/** What stands in one graph has one unit and one threshold. */
function graphOf({ anchor, measured: { metric, comparison, threshold } }: Measured): string {
  return metric instanceof MathExpression
    ? anchor
    : [metric.namespace, metric.metricName, comparison, threshold].join(' ');
}

function byAlarm(alarm: ShownAlarm): IWidget {
  return new AlarmWidget({
    title: titleOf(alarm),
    alarm: alarm.reference,
    region: alarm.region,
    width: GRAPH_WIDTH,
    height: HEIGHT,
  });
}

function shared(group: readonly Measured[]): IWidget {
  const [first] = group as [Measured, ...Measured[]];
  const { metric, comparison, threshold } = first.measured;
  const isOfOne = group.every(({ anchor }) => anchor === first.anchor) || metric instanceof MathExpression;
  return new GraphWidget({
    title: isOfOne ? first.anchor : metric.metricName,
    left: group.map((alarm) => alarm.measured.metric.with({ label: titleOf(alarm) })),
    leftAnnotations: [{ value: threshold, label: `alarm ${comparison} ${threshold}` }],
    leftYAxis: { showUnits: false },
    width: GRAPH_WIDTH,
    height: HEIGHT,
  });
}

function canBeNamedFrom(from: Stack, { measured, region }: Measured): boolean {
  return (
    region === from.region &&
    metricsOf(measured.metric).every(({ dimensions = {} }) =>
      Object.values(dimensions).every((value) => isKnownTo(from, String(value))),
    )
  );
}

function isKnownTo(from: Stack, value: string): boolean {
  return Tokenization.reverseString(value).tokens.every(
    (token) => Reference.isReference(token) && Stack.of(token.target) === from,
  );
}

function metricsOf(metric: Metric | MathExpression): Metric[] {
  if (!(metric instanceof MathExpression)) return [metric];
  return Object.values(metric.usingMetrics).flatMap((part) => metricsOf(part as Metric | MathExpression));
}
