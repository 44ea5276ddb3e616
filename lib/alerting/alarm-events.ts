import { EventField, type EventPattern, Match } from 'aws-cdk-lib/aws-events';
import type { IConstruct } from 'constructs';
import type { AlarmFields } from '../../core/alerting/alarm-fields';
import { alarmNamePrefix, type Severity } from '../../core/alerting/alarm-name';
import { ALARM_STATE_CHANGE, alarmArn } from '../shared/alarm-events';

/** Which alarms an event pattern takes: those of an environment, in the regions where it has some. */
export interface AlarmsOf {
  readonly environmentName: string;
  readonly regions: readonly string[];
}

/**
 * Alarms of a severity that begin to sound. Not a composite alarm that is kept quiet: when the quiet ends and it still
 * sounds, CloudWatch updates its state and tells so without `actionsSuppressedBy`.
 *
 * @param described whether it has a description: an absent field leaves a hole in what is sent
 */
export function sounding(
  scope: IConstruct,
  alarms: AlarmsOf,
  severity: Severity,
  described?: boolean,
): EventPattern {
  return {
    ...ALARM_STATE_CHANGE,
    resources: named(scope, alarms, [severity]),
    detail: {
      state: { value: ['ALARM'], actionsSuppressedBy: [{ exists: false }] },
      ...(described !== undefined && { configuration: { description: [{ exists: described }] } }),
    },
  };
}

/** Alarms that are over, also those that were kept quiet: whoever was told before must hear of the end. */
export function ended(scope: IConstruct, alarms: AlarmsOf, severities: readonly Severity[]): EventPattern {
  return {
    ...ALARM_STATE_CHANGE,
    resources: named(scope, alarms, severities),
    detail: { state: { value: ['OK'] } },
  };
}

/** {@link ended}, but not of a new alarm, whose first figure makes it OK: people need not hear of that. */
export function endedForPeople(scope: IConstruct, alarms: AlarmsOf, severity: Severity): EventPattern {
  return {
    ...ended(scope, alarms, [severity]),
    detail: {
      state: { value: ['OK'] },
      previousState: { reason: [{ 'anything-but': { prefix: 'Unchecked: Initial alarm creation' } }] },
    },
  };
}

/** By the beginning of their ARN, which says environment and severity. */
function named(
  scope: IConstruct,
  { environmentName, regions }: AlarmsOf,
  severities: readonly Severity[],
): string[] {
  const prefixes = severities.flatMap((severity) =>
    regions.map((region) => alarmArn(scope, alarmNamePrefix(environmentName, severity), region)),
  );
  return Match.anyOf(...prefixes.map((prefix) => Match.prefix(prefix)));
}

/** Where EventBridge finds what messages say. */
export const FIELDS: AlarmFields = {
  name: EventField.fromPath('$.detail.alarmName'),
  arn: EventField.fromPath('$.resources[0]'),
  time: EventField.time,
  region: EventField.region,
  description: EventField.fromPath('$.detail.configuration.description'),
  state: EventField.fromPath('$.detail.state'),
  configuration: EventField.fromPath('$.detail.configuration'),
};

/** Of an alarm without a description. */
export const UNDESCRIBED: AlarmFields = { ...FIELDS, description: undefined };
