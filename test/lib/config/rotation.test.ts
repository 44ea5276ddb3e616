import {
  rotatesDuring,
  type Rotation,
  rotationDays,
  rotationExpression,
  rotationWindows,
} from '../../../lib/config/rotation';
import { minutesOfWeek } from '../../../lib/config/schedule';

const rotation = (over: Partial<Rotation> = {}): Rotation => ({
  every: 'month',
  weekDay: 'TUE',
  hour: 9,
  windowHours: 2,
  ...over,
});

test.each([
  ['day', 'cron(0 9 * * ? *)', 1],
  ['week', 'cron(0 9 ? * TUE *)', 7],
  ['month', 'cron(0 9 ? * TUE#1 *)', 35],
  ['quarter', 'cron(0 9 ? JAN,APR,JUL,OCT TUE#1 *)', 98],
] as const)('every %s opens on the hour and within %s', (every, expression, days) => {
  expect(rotationExpression(rotation({ every }))).toBe(expression);
  expect(rotationDays(rotation({ every }))).toBe(days);
});

test('the longest time between two first Tuesdays is no longer than what is promised', () => {
  const firsts = Array.from({ length: 12 * 30 }, (_, month) => {
    const first = new Date(Date.UTC(2020, month, 1));
    return first.getTime() + ((9 - first.getUTCDay()) % 7) * 86_400_000;
  });
  const longest = (times: readonly number[]) =>
    Math.max(...times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 86_400_000));

  expect(longest(firsts)).toBe(rotationDays(rotation({ every: 'month' })));
  expect(longest(firsts.filter((_, month) => month % 3 === 0))).toBe(
    rotationDays(rotation({ every: 'quarter' })),
  );
});

test('a window lies on its day, and every day when it is daily', () => {
  const tuesday = 2 * 1440 + 9 * 60;

  expect(rotationWindows(rotation())).toEqual([{ start: tuesday, end: tuesday + 120 }]);
  expect(rotationWindows(rotation({ every: 'day' }))).toHaveLength(7);
  expect(minutesOfWeek({ minute: '0', hour: '9', weekDay: 'TUE' })).toEqual([tuesday]);
});

test('a window that ends when another begins is not during it', () => {
  const at = (hour: number) => [{ start: 2 * 1440 + hour * 60, end: 2 * 1440 + hour * 60 + 15 }];

  expect(rotatesDuring(rotation(), at(10))).toBe(true);
  expect(rotatesDuring(rotation(), at(11))).toBe(false);
  expect(rotatesDuring(rotation({ weekDay: 'WED' }), at(10))).toBe(false);
});
