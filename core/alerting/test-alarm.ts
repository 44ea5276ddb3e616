import { alarmName, type Severity } from './alarm-name';

/** The runbook's section of the test alarms. */
export const TEST_ANCHOR = 'alerting-test';

/** The alarm that proves one severity's routes: `golive-prod-critical-alerting-test`. */
export function testAlarmName(environment: string, severity: Severity): string {
  return alarmName({ environment, severity, anchor: TEST_ANCHOR });
}
