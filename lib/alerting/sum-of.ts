import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

/** What metrics count together. */
export function sumOf(label: string, metrics: readonly IMetric[]): MathExpression {
  return new MathExpression({
    expression: 'SUM(METRICS())',
    label,
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
  });
}
