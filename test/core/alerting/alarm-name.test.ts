import {
  alarmName,
  AlarmNameError,
  LONGEST_ALARM_NAME,
  parseAlarmName,
} from '../../../core/alerting/alarm-name';

const IDENTITY = { environment: 'prod', severity: 'critical', anchor: 'edge-no-healthy-host' } as const;

describe('the name of an alarm', () => {
  test.each([IDENTITY, { ...IDENTITY, subject: 'gateway' }])('says what it is of: %j', (identity) => {
    expect(parseAlarmName('prod', alarmName(identity))).toEqual(identity);
  });

  test('begins with what routes match', () => {
    expect(alarmName({ ...IDENTITY, subject: 'gateway' })).toBe(
      'golive-prod-critical-edge-no-healthy-host--gateway',
    );
  });

  test('of another environment says nothing, even of one whose name begins alike', () => {
    expect(parseAlarmName('prod', alarmName({ ...IDENTITY, environment: 'prod-eu' }))).toBeUndefined();
    expect(parseAlarmName('prod', 'somebody-elses')).toBeUndefined();
  });

  test.each(['Edge', 'two--parts', 'a b', '-a', 'a-', ''])('an anchor such as "%s" is refused', (anchor) => {
    expect(() => alarmName({ ...IDENTITY, anchor })).toThrow(AlarmNameError);
  });

  test('the longest is taken, and one character more is refused with both figures', () => {
    const rest = alarmName({ ...IDENTITY, anchor: 'a' }).length - 1;
    expect(alarmName({ ...IDENTITY, anchor: 'a'.repeat(LONGEST_ALARM_NAME - rest) })).toHaveLength(
      LONGEST_ALARM_NAME,
    );
    expect(() => alarmName({ ...IDENTITY, anchor: 'a'.repeat(LONGEST_ALARM_NAME - rest + 1) })).toThrow(
      /has 181 characters, and the most is 180/,
    );
  });

  test('the longest ARN with it fits a dedup_key', () => {
    const arn = `arn:aws-us-gov:cloudwatch:ap-southeast-7:123456789012:alarm:${'a'.repeat(LONGEST_ALARM_NAME)}`;
    expect(arn.length).toBeLessThanOrEqual(255);
  });
});
