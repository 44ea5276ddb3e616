import {
  dailyWindows,
  longestGapMinutes,
  minutesOfWeek,
  overlaps,
  weeklyWindow,
} from '../../../lib/config/schedule';

const HOUR = 60;
const DAY = 24 * HOUR;

describe('the longest gap between runs', () => {
  test.each([
    ['once a day', { minute: '0', hour: '2' }, 24 * HOUR],
    ['four times a day', { minute: '30', hour: '1,7,13,19' }, 6 * HOUR],
    ['unevenly', { minute: '0', hour: '1,5' }, 20 * HOUR],
    ['every quarter of an hour', { minute: '*/15', hour: '*' }, 15],
    ['on working days: over the weekend', { minute: '0', hour: '2', weekDay: 'MON-FRI' }, 3 * DAY],
    ['once a week: around the week', { minute: '0', hour: '2', weekDay: 'WED' }, 7 * DAY],
  ])('%s', (_name, schedule, minutes) => {
    expect(longestGapMinutes(schedule)).toBe(minutes);
  });
});

test('a schedule out of range is refused', () => {
  expect(() => minutesOfWeek({ minute: '60', hour: '2' })).toThrow(/minute/);
});

test('a schedule fires at minutes counted from Sunday, UTC', () => {
  expect(minutesOfWeek({ minute: '0', hour: '0', weekDay: 'SUN' })).toEqual([0]);
  expect(minutesOfWeek({ minute: '59', hour: '23', weekDay: 'SAT' })).toEqual([7 * DAY - 1]);
});

describe('windows', () => {
  test('over midnight end on the next day', () => {
    expect(dailyWindows('23:30-00:30')[0]).toEqual({ start: 23.5 * HOUR, end: 24.5 * HOUR });
  });

  test('over the end of the week meet what is at its start', () => {
    expect(overlaps(weeklyWindow('sat:23:00-sun:01:00'), { start: 30, end: 40 })).toBe(true);
    expect(overlaps(weeklyWindow('sat:23:00-sun:01:00'), { start: 60, end: 70 })).toBe(false);
  });
});
