import {
  alarmDescription,
  AlarmDescriptionError,
  anchorIn,
  LONGEST_ALARM_DESCRIPTION,
} from '../../../core/alerting/alarm-description';

const ANCHOR = 'edge-slow';

describe('the description of an alarm', () => {
  test('says what is wrong and where to read what to do, in the repository or where people read it', () => {
    expect(alarmDescription('It is slow.', ANCHOR)).toBe('It is slow. See docs/runbook.md#edge-slow');
    expect(alarmDescription('It is slow.', ANCHOR, 'https://wiki.example/runbook')).toBe(
      'It is slow. See https://wiki.example/runbook#edge-slow',
    );
  });

  test('names a section that can be read back', () => {
    expect(anchorIn(alarmDescription('It is slow.', ANCHOR, 'https://wiki.example/a#b'))).toBe(ANCHOR);
    expect(anchorIn('It is slow.')).toBeUndefined();
  });

  test('is refused when it is no sentence, which another one is put behind', () => {
    expect(() => alarmDescription('slow', ANCHOR)).toThrow(AlarmDescriptionError);
    expect(() => alarmDescription('', ANCHOR)).toThrow(/full stop/);
  });

  test('may be as long as a route takes, and one character more is refused with both figures', () => {
    const rest = alarmDescription('.', ANCHOR).length;
    const longest = `${'x'.repeat(LONGEST_ALARM_DESCRIPTION - rest)}.`;

    expect(alarmDescription(longest, ANCHOR)).toHaveLength(LONGEST_ALARM_DESCRIPTION);
    expect(() => alarmDescription(`x${longest}`, ANCHOR)).toThrow(/601 characters, and the most is 600/);
  });
});
