import { Stack } from 'aws-cdk-lib';
import { Alarm, type IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { alarmName } from '../../../core/alerting/alarm-name';
import type { DeclaredAlarm } from '../../shared/alarm';
import { alarmArn } from '../../shared/alarm-events';

/** An alarm as a dashboard shows it: by its name, so that no stack that holds data must export anything for it. */
export interface ShownAlarm extends Omit<DeclaredAlarm, 'alarm'> {
  readonly name: string;
  /** The room of the house that it is of: its stack's name in lower case. */
  readonly capability: string;
  readonly region: string;
  readonly reference: IAlarm;
}

/** @param declared of one environment */
export function showAlarms(
  scope: Construct,
  environment: string,
  declared: readonly DeclaredAlarm[],
): ShownAlarm[] {
  return declared.map(({ alarm, ...declaration }) => {
    const { severity, anchor, subject } = declaration;
    const name = alarmName({ environment, severity, anchor, subject });
    const stack = Stack.of(alarm);
    return {
      ...declaration,
      name,
      capability: stack.node.id.toLowerCase(),
      region: stack.region,
      reference: Alarm.fromAlarmArn(scope, name, alarmArn(alarm, name)),
    };
  });
}

/** `edge-slow (gateway)` */
export function titleOf({ anchor, subject }: Pick<ShownAlarm, 'anchor' | 'subject'>): string {
  return subject === undefined ? anchor : `${anchor} (${subject})`;
}
