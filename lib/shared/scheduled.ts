import { Duration } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRuleTarget, Rule, Schedule as EventSchedule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { longestGapMinutes, type Schedule } from '../config/schedule';
import { declareAlarm } from './alarm';
import { rememberJob } from './scheduled-jobs';

export interface ScheduledProps {
  /** `backup-dump`: its name in alarms and the runbook. */
  readonly label: string;
  readonly schedule: Schedule;
  /** After this a run is stopped. */
  readonly longestRun: Duration;
  readonly target: IRuleTarget;
  /**
   * Whether something else tells of silence that lasts longer than CloudWatch looks back: then there is no alarm.
   * @default false - a schedule that rare is refused by the configuration
   */
  readonly isHeardElsewhere?: boolean;
  /** How often it ran. */
  readonly metricRuns: (options: MetricOptions) => Metric;
}

/** CloudWatch looks back no further. */
const LONGEST_LOOK_BACK_HOURS = 7 * 24;

/**
 * Runs something at these times, and adds an alarm for when it does not run.
 *
 * @param scope gets the rule as `Schedule` and the alarm as `NotRunningAlarm`
 */
export function runOnSchedule(
  scope: Construct,
  { label, schedule, longestRun, target, metricRuns, isHeardElsewhere = false }: ScheduledProps,
): Rule {
  rememberJob(scope, { label, schedule, longestRun });
  const rule = new Rule(scope, 'Schedule', {
    description: `Runs ${label}, UTC`,
    schedule: EventSchedule.cron({
      minute: schedule.minute,
      hour: schedule.hour,
      ...(schedule.weekDay !== undefined && { weekDay: schedule.weekDay }),
    }),
    targets: [target],
  });
  const hours = Math.ceil(longestGapMinutes(schedule) / 60) + 2;
  if (isHeardElsewhere && hours > LONGEST_LOOK_BACK_HOURS) return rule;
  addNotRunningAlarm(scope, label, hours, metricRuns({ period: Duration.hours(1) }));
  return rule;
}

/**
 * Hourly periods over the longest gap between runs and two hours for a late start: CloudWatch looks back
 * seven days when a period is an hour or more. Silence counts as breaching, so something new is in alarm
 * until its first run.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
function addNotRunningAlarm(scope: Construct, label: string, hours: number, metric: Metric): void {
  declareAlarm(scope, 'NotRunningAlarm', {
    severity: 'warning',
    anchor: `${label}-not-running`,
    description: `${label} has not run for ${hours} hours.`,
    metric,
    threshold: 1,
    comparison: '<',
    of: [hours, hours],
    missingData: 'breaching',
  });
}
