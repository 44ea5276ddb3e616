import { Cron } from 'croner';

/** Times of the day and week at which a job runs, in UTC, as EventBridge's `cron()` takes them. */
export interface Schedule {
  readonly minute: string;
  readonly hour: string;
  /** Day names such as `MON-FRI`. @default every day */
  readonly weekDay?: string | undefined;
}

const WEEK_MINUTES = 7 * 24 * 60;
/** A Sunday, as RDS's windows and cron's week start on one. */
const A_SUNDAY = Date.UTC(2026, 0, 4);

/**
 * The minutes of the week at which a schedule fires, counted from Sunday 00:00 UTC, in order.
 *
 * @throws TypeError when a field is out of its range, such as hour 25
 */
export function minutesOfWeek(schedule: Schedule): readonly number[] {
  const text = `${schedule.minute} ${schedule.hour} * * ${schedule.weekDay ?? '*'}`;
  const minutes = known.get(text) ?? reckon(text);
  known.set(text, minutes);
  return minutes;
}

/** Each is asked for by the configuration, by its alarm and by its dashboard. */
const known = new Map<string, readonly number[]>();

function reckon(text: string): readonly number[] {
  const cron = new Cron(text, { timezone: 'UTC', mode: '5-part' });
  const minutes: number[] = [];
  let at = cron.nextRun(new Date(A_SUNDAY - 1000));
  while (at && at.getTime() < A_SUNDAY + WEEK_MINUTES * 60_000) {
    minutes.push((at.getTime() - A_SUNDAY) / 60_000);
    at = cron.nextRun(at);
  }
  return minutes;
}

/** The longest time between two runs of a schedule, minutes. It decides when silence is an alarm. */
export function longestGapMinutes(schedule: Schedule): number {
  const minutes = minutesOfWeek(schedule);
  return Math.max(
    ...minutes.map((minute, index) => {
      const next = minutes[index + 1] ?? (minutes[0] ?? 0) + WEEK_MINUTES;
      return next - minute;
    }),
  );
}

/** A stretch of the week in minutes from Sunday 00:00 UTC; `end` may lie in the next week. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Reads RDS's daily window, `hh:mm-hh:mm`, as its seven stretches of the week. */
export function dailyWindows(text: string): Window[] {
  const [from = '', to = ''] = text.split('-');
  return DAYS.map((_, day) => stretch(day * 1440 + timeOfDay(from), day * 1440 + timeOfDay(to), 1440));
}

/** Reads RDS's weekly window, `ddd:hh:mm-ddd:hh:mm`. */
export function weeklyWindow(text: string): Window {
  const [from = '', to = ''] = text.toLowerCase().split('-');
  return stretch(timeOfWeek(from), timeOfWeek(to), WEEK_MINUTES);
}

/** Whether two stretches of the week have a minute in common. */
export function overlaps(one: Window, other: Window): boolean {
  return [-WEEK_MINUTES, 0, WEEK_MINUTES].some(
    (shift) => one.start < other.end + shift && other.start + shift < one.end,
  );
}

export function lengthOf(window: Window): number {
  return window.end - window.start;
}

function stretch(start: number, end: number, period: number): Window {
  return { start, end: end > start ? end : end + period };
}

function timeOfDay(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return hour * 60 + minute;
}

function timeOfWeek(text: string): number {
  return DAYS.indexOf(text.slice(0, 3)) * 1440 + timeOfDay(text.slice(4));
}
