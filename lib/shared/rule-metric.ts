import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IRule } from 'aws-cdk-lib/aws-events';

/** A metric of a rule on the default bus. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
export function ruleMetric(rule: IRule, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: 'AWS/Events',
    metricName,
    dimensionsMap: { RuleName: rule.ruleName },
    statistic,
    period: Duration.minutes(5),
  });
}
