import type { EnvironmentConfig } from '../config';

/** Which routes an environment does without, in one sentence; undefined where it has all. */
export function leftOut({ alerting: { pagerDuty, email, slack } }: EnvironmentConfig): string | undefined {
  const without = [
    ...(pagerDuty ? [] : ['PagerDuty (alerting.pagerDuty)']),
    ...(Object.values(email).some((addresses) => addresses.length > 0) ? [] : ['e-mail (alerting.email)']),
    ...(slack ? [] : ['Slack (alerting.slack)']),
  ];
  return without.length === 0 ? undefined : `not told of alarms, by configuration: ${without.join(', ')}`;
}
