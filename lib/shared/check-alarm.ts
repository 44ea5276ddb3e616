import { Duration } from 'aws-cdk-lib';
import { type Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { declareAlarm } from './alarm';
import { pascalCase } from './pascal-case';

export interface CheckAlarmProps {
  /** Its name, which is also its section of the runbook. */
  readonly check: string;
  /** `The backups' restore-drill is critical.` */
  readonly description: string;
  /** How bad it is, by check, as a monitor tells it every hour. */
  readonly metric: (options: MetricOptions, dimensions: { readonly check: string }) => Metric;
  readonly critical: number;
}

/** A check that is critical is an alarm until a later run of its monitor finds it in order. */
export function declareCheckAlarm(
  scope: Construct,
  { check, description, metric, critical }: CheckAlarmProps,
): void {
  declareAlarm(scope, `${pascalCase(check)}Alarm`, {
    severity: 'warning',
    anchor: check,
    description,
    metric: metric({ period: Duration.hours(1), statistic: Stats.MAXIMUM }, { check }),
    threshold: critical,
    comparison: '>=',
    of: [1, 1],
    onceIsEnough: 'an hour has one check, which judges by itself',
    // That the monitor itself is silent is an alarm of its own.
    missingData: 'ignore',
  });
}
