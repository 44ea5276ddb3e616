import type { Template } from 'aws-cdk-lib/assertions';
import type { AskedMetric } from '../../../core/alerting/simulation/alarm';

export interface Widget {
  readonly type: 'metric' | 'alarm' | 'text';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly region?: string;
    readonly period?: number;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly annotations?: {
      readonly alarms?: readonly string[];
      readonly horizontal?: readonly { readonly value: number; readonly label: string }[];
    };
  };
}

/** The dashboards of a template by name; what only a deployment settles stands as JSON in quotes. */
export function dashboardsOf(template: Template): ReadonlyMap<string, readonly Widget[]> {
  return new Map(
    Object.values(template.findResources('AWS::CloudWatch::Dashboard')).map(({ Properties }) => {
      const { DashboardName, DashboardBody } = Properties as {
        DashboardName: string;
        DashboardBody: unknown;
      };
      return [DashboardName, (JSON.parse(textOf(DashboardBody)) as { widgets: Widget[] }).widgets];
    }),
  );
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  const [separator, parts] = (body as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(JSON.stringify(part)).slice(1, -1)))
    .join(separator);
}

/** The names of alarms that widgets show. */
export function alarmsShown(widgets: readonly Widget[]): string[] {
  return widgets.flatMap(({ properties: { alarms = [], annotations } }) =>
    [...alarms, ...(annotations?.alarms ?? [])].map((arn) => arn.split(':alarm:')[1] as string),
  );
}

/** The metrics of a widget's lines; an expression is none. */
export function metricsShown({ properties: { metrics = [], period } }: Widget): AskedMetric[] {
  return metrics.flatMap((line, index) => {
    const words = line.filter((part) => typeof part === 'string');
    const options = (line.at(-1) ?? {}) as { stat?: string; id?: string };
    const [namespace, metricName, ...pairs] = words;
    if (namespace === undefined || metricName === undefined) return [];
    const dimensions: Record<string, string> = {};
    for (let at = 0; at < pairs.length; at += 2) dimensions[pairs[at] as string] = pairs[at + 1] as string;
    return [
      {
        id: options.id ?? `line${index}`,
        namespace,
        metricName,
        dimensions,
        statistic: `${options.stat ?? 'Average'} of ${period ?? 300} s`,
      },
    ];
  });
}
