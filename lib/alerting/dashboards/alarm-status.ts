import {
  AlarmState,
  AlarmStatusWidget,
  AlarmStatusWidgetSortBy,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ShownAlarm } from './shown-alarm';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const MOST_ALARMS = 100;
export const WIDTH = 24;

/** Rows that a grid of so many names takes, six in a row. */
const heightOf = (count: number) => Math.min(12, 2 + Math.ceil(count / 6));

/** How alarms are, those that sound first. None: no widget. */
export function alarmStatus(title: string, alarms: readonly ShownAlarm[]): IWidget[] {
  return inParts(alarms).map(
    (part) =>
      new AlarmStatusWidget({
        title,
        alarms: part.map(({ reference }) => reference),
        sortBy: AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width: WIDTH,
        height: heightOf(part.length),
      }),
  );
}

/** Only those that sound or have no figures: usually none, so it takes little room. */
export function alarmsNotWell(title: string, alarms: readonly ShownAlarm[], width: number): IWidget[] {
  return inParts(alarms).map(
    (part) =>
      new AlarmStatusWidget({
        title,
        alarms: part.map(({ reference }) => reference),
        states: [AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA],
        sortBy: AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width,
        height: 4,
      }),
  );
}

function inParts(alarms: readonly ShownAlarm[]): (readonly ShownAlarm[])[] {
  const parts: (readonly ShownAlarm[])[] = [];
  for (let from = 0; from < alarms.length; from += MOST_ALARMS) {
    parts.push(alarms.slice(from, from + MOST_ALARMS));
  }
  return parts;
}
