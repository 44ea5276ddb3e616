import { GoLiveError } from '../shared/errors';

/** How bad it is: `critical` wakes somebody, `warning` is looked at today, `info` is for who asks what happened. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an alarm's name says. The routes read it: a rule matches names by their beginning. */
export interface AlarmIdentity {
  /** `prod` */
  readonly environment: string;
  readonly severity: Severity;
  /** Its section in the runbook, such as `backup-dump-failing`. */
  readonly anchor: string;
  /** Which of several that share a section, such as `gateway`. @default there is one */
  readonly subject?: string | undefined;
}

/** A name that CloudWatch or a route would not take. */
export class AlarmNameError extends GoLiveError {
  readonly code = 'AlarmNameError';
}

/**
 * An ARN with a name of this length is a PagerDuty `dedup_key` (255 characters at most) in the longest region and partition.
 * https://developer.pagerduty.com/docs/events-api-v2-overview
 */
export const LONGEST_ALARM_NAME = 180;

/** What every alarm's name of this environment and severity begins with: `golive-prod-critical-`. */
export function alarmNamePrefix(environment: string, severity: Severity): string {
  return `golive-${environment}-${severity}-`;
}

/**
 * `golive-prod-critical-edge-no-healthy-host--gateway`
 *
 * @throws AlarmNameError
 */
export function alarmName({ environment, severity, anchor, subject }: AlarmIdentity): string {
  const words = [anchor, ...(subject === undefined ? [] : [subject])];
  const wrong = words.find((word) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(word));
  if (wrong !== undefined) {
    throw new AlarmNameError(`"${wrong}" in an alarm's name: use lower-case words joined by single hyphens`);
  }
  const name = `${alarmNamePrefix(environment, severity)}${words.join('--')}`;
  if (name.length > LONGEST_ALARM_NAME) {
    throw new AlarmNameError(
      `the alarm's name "${name}" has ${name.length} characters, and the most is ${LONGEST_ALARM_NAME}: shorten its anchor or its subject`,
    );
  }
  return name;
}

/** What a name says. @returns undefined for an alarm that is not of this environment */
export function parseAlarmName(environment: string, name: string): AlarmIdentity | undefined {
  const severity = SEVERITIES.find((one) => name.startsWith(alarmNamePrefix(environment, one)));
  if (severity === undefined) return undefined;
  const [anchor = '', subject] = name.slice(alarmNamePrefix(environment, severity).length).split('--');
  return { environment, severity, anchor, ...(subject !== undefined && { subject }) };
}
