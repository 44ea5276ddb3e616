import {
  type Alarms,
  type AskedMetric,
  type CompositeAlarm,
  type MetricAlarm,
  SimulationError,
} from './alarm';

type Properties = Readonly<Record<string, unknown>>;

/** A CloudFormation template, as far as alarms need it. */
export interface AlarmTemplate {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Properties }>>;
}

interface CfnMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

interface CfnQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly Period?: number;
  readonly ReturnData?: boolean;
  readonly MetricStat?: { readonly Metric: CfnMetric; readonly Stat: string; readonly Period: number };
}

/**
 * The alarms of templates as they are synthesised.
 *
 * @throws SimulationError for an alarm whose form is not known
 */
export function readAlarms(templates: readonly AlarmTemplate[]): Alarms {
  const all = templates.map((template) => ({
    metricAlarms: resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, one]) => metricAlarm(one)),
    compositeAlarms: resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm').map(([, one]) =>
      compositeAlarm(one, namesIn(template)),
    ),
  }));
  return {
    metricAlarms: all.flatMap(({ metricAlarms }) => metricAlarms),
    compositeAlarms: all.flatMap(({ compositeAlarms }) => compositeAlarms),
  };
}

function resourcesOf({ Resources }: AlarmTemplate, type: string): [string, Properties][] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === type && Properties ? [[id, Properties] as [string, Properties]] : [],
  );
}

/** Alarms' names by their logical ids. */
function namesIn(template: AlarmTemplate): ReadonlyMap<string, string> {
  return new Map(
    ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      resourcesOf(template, type).map(([id, { AlarmName }]) => [id, String(AlarmName)] as const),
    ),
  );
}

function metricAlarm(properties: Properties): MetricAlarm {
  const name = properties['AlarmName'];
  if (typeof name !== 'string') {
    throw new SimulationError('an alarm has no name of its own: make it by declareAlarm');
  }
  return {
    name,
    description: String(properties['AlarmDescription']),
    ...whatIsAsked(name, properties),
    operator: properties['ComparisonOperator'] as MetricAlarm['operator'],
    threshold: Number(properties['Threshold']),
    evaluationPeriods: Number(properties['EvaluationPeriods']),
    datapointsToAlarm: Number(properties['DatapointsToAlarm'] ?? properties['EvaluationPeriods']),
    missingData: (properties['TreatMissingData'] ?? 'missing') as MetricAlarm['missingData'],
  };
}

function whatIsAsked(
  name: string,
  properties: Properties,
): Pick<MetricAlarm, 'metrics' | 'expression' | 'periodSeconds'> {
  const queries = properties['Metrics'] as readonly CfnQuery[] | undefined;
  if (!queries) {
    const statistic = properties['Statistic'] ?? properties['ExtendedStatistic'];
    return {
      metrics: [askedMetric('metric', properties as unknown as CfnMetric, String(statistic))],
      expression: undefined,
      periodSeconds: Number(properties['Period']),
    };
  }
  const [returned, ...others] = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (!returned || others.length > 0) {
    throw new SimulationError(`the alarm ${name} does not return one figure: mark one of its metrics`);
  }
  const query = returned.Expression === undefined ? undefined : insightsQuery(returned.Expression);
  if (query) return { metrics: [query], expression: undefined, periodSeconds: Number(returned.Period) };
  const periods = queries.flatMap(({ Period, MetricStat }) => Period ?? MetricStat?.Period ?? []);
  return {
    metrics: queries.flatMap(({ Id, MetricStat }) =>
      MetricStat ? [askedMetric(Id, MetricStat.Metric, MetricStat.Stat)] : [],
    ),
    expression: returned.Expression ?? returned.Id,
    periodSeconds: Math.max(...periods),
  };
}

const STATISTICS: Readonly<Record<string, string>> = {
  MAX: 'Maximum',
  MIN: 'Minimum',
  SUM: 'Sum',
  AVG: 'Average',
};

/**
 * A query of Metrics Insights: one metric by some of its dimensions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
 */
function insightsQuery(expression: string): AskedMetric | undefined {
  const parts = /^SELECT (\w+)\((\w+)\) FROM SCHEMA\("([^"]+)", ([\w, ]+)\)(?: WHERE .+)?$/.exec(expression);
  if (!parts) return undefined;
  const [, statistic = '', metricName = '', namespace = '', dimensions = ''] = parts;
  return {
    id: 'query',
    namespace,
    metricName,
    dimensions: Object.fromEntries(dimensions.split(', ').map((dimension) => [dimension, '*'])),
    statistic: STATISTICS[statistic] ?? statistic,
  };
}

function askedMetric(
  id: string,
  { Namespace, MetricName, Dimensions = [] }: CfnMetric,
  statistic: string,
): AskedMetric {
  return {
    id,
    namespace: Namespace,
    metricName: MetricName,
    dimensions: Object.fromEntries(
      Dimensions.map(({ Name, Value }) => [Name, typeof Value === 'string' ? Value : JSON.stringify(Value)]),
    ),
    statistic,
  };
}

function compositeAlarm(properties: Properties, names: ReadonlyMap<string, string>): CompositeAlarm {
  const suppressor = properties['ActionsSuppressor'];
  return {
    name: String(properties['AlarmName']),
    description: String(properties['AlarmDescription']),
    rule: textOf(properties['AlarmRule'], names),
    suppressor:
      suppressor === undefined
        ? undefined
        : {
            alarm: textOf(suppressor, names),
            waitSeconds: Number(properties['ActionsSuppressorWaitPeriod']),
            extensionSeconds: Number(properties['ActionsSuppressorExtensionPeriod']),
          },
  };
}

/** A text with references to alarms of the same template, which become their names. */
function textOf(value: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: ref } = (value ?? {}) as Properties;
  if (join) {
    const [separator, parts] = join as [string, unknown[]];
    return parts.map((part) => textOf(part, names)).join(separator);
  }
  const id = (attribute as string[] | undefined)?.[0] ?? (ref as string | undefined);
  const name = id === undefined ? undefined : names.get(id);
  if (name === undefined) {
    throw new SimulationError(
      `${JSON.stringify(value)} is no alarm of its template: a composite's children are of its stack`,
    );
  }
  return name;
}
