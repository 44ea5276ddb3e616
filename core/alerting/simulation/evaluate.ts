import type { MetricAlarm, Operator } from './alarm';
import type { Figure } from './expression';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

const BREACHES: Readonly<Record<Operator, (figure: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (figure, threshold) => figure > threshold,
  GreaterThanOrEqualToThreshold: (figure, threshold) => figure >= threshold,
  LessThanThreshold: (figure, threshold) => figure < threshold,
  LessThanOrEqualToThreshold: (figure, threshold) => figure <= threshold,
};

/**
 * How many periods CloudWatch looks at where some have no figure. It says "more than the evaluation periods" and, in both of
 * its tables, five for three.
 */
export function evaluationRange({ evaluationPeriods }: Pick<MetricAlarm, 'evaluationPeriods'>): number {
  return evaluationPeriods + 2;
}

/**
 * The state of an alarm after the last of these periods, as CloudWatch documents it:
 *
 * - with at least N figures in the evaluation range the newest N decide, and what missing data means does not matter;
 * - with fewer, missing ones are filled in as the alarm says, and all that are there count;
 * - where all figures that are there breach, and the oldest is at least M periods old, it is an alarm even so.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 *
 * @param figures of the evaluation range, oldest first
 * @param before what the state was, which `ignore` keeps
 */
export function evaluate(
  alarm: Pick<
    MetricAlarm,
    'operator' | 'threshold' | 'evaluationPeriods' | 'datapointsToAlarm' | 'missingData'
  >,
  figures: readonly Figure[],
  before: AlarmState,
): AlarmState {
  const { evaluationPeriods, datapointsToAlarm, missingData } = alarm;
  const breaches = BREACHES[alarm.operator];
  const range = Math.min(figures.length, evaluationRange(alarm));
  let [told, counted, isAnyCalm, oldestAge] = [0, 0, false, -1];
  // The newest first. In a loop: docs/alarms.md is seven million evaluations.
  for (let age = 0; age < range; age++) {
    const figure = figures[figures.length - 1 - age];
    if (figure === undefined) continue;
    const isBreaching = breaches(figure, alarm.threshold);
    if (isBreaching && told < evaluationPeriods) counted++;
    if (!isBreaching) isAnyCalm = true;
    oldestAge = age;
    told++;
  }
  const filled = Math.max(0, evaluationPeriods - told);
  const stateOf = (breaching: number): AlarmState => (breaching >= datapointsToAlarm ? 'ALARM' : 'OK');

  if (filled === 0 || missingData === 'notBreaching') return stateOf(counted);
  if (missingData === 'breaching') return stateOf(counted + filled);
  if (told === 0) return missingData === 'ignore' ? before : 'INSUFFICIENT_DATA';
  if (counted >= datapointsToAlarm) return 'ALARM';
  if (isAnyCalm) return 'OK';
  if (missingData === 'ignore') return before;
  return oldestAge + 1 >= datapointsToAlarm ? 'ALARM' : 'OK';
}
