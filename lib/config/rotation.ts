import { overlaps, type Window } from './schedule';

/** When Secrets Manager may rotate a secret, UTC. */
export interface Rotation {
  /** A month and a quarter begin with the first such day of theirs. */
  readonly every: 'day' | 'week' | 'month' | 'quarter';
  /** @default TUE - a working day that follows one */
  readonly weekDay: (typeof WEEK_DAYS)[number];
  /** At which the window opens. Secrets Manager opens none at half past. */
  readonly hour: number;
  /** How long it stays open; it closes before the day ends. */
  readonly windowHours: number;
}

export const WEEK_DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;

/**
 * As Secrets Manager takes it. Never `rate()`: after a change of one, a rotation may come that was planned before.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export function rotationExpression({ every, weekDay, hour }: Rotation): string {
  switch (every) {
    case 'day':
      return `cron(0 ${hour} * * ? *)`;
    case 'week':
      return `cron(0 ${hour} ? * ${weekDay} *)`;
    case 'month':
      return `cron(0 ${hour} ? * ${weekDay}#1 *)`;
    case 'quarter':
      return `cron(0 ${hour} ? JAN,APR,JUL,OCT ${weekDay}#1 *)`;
  }
}

/** The longest time between two rotations, days. From one first Tuesday to the next are 4 or 5 weeks. */
export function rotationDays({ every }: Rotation): number {
  return { day: 1, week: 7, month: 35, quarter: 98 }[every];
}

/** The windows of a week in which a secret may be rotated. */
export function rotationWindows({ every, weekDay, hour, windowHours }: Rotation): Window[] {
  const days = every === 'day' ? WEEK_DAYS : [weekDay];
  return days
    .map((day) => (WEEK_DAYS.indexOf(day) * 24 + hour) * 60)
    .map((start) => ({ start, end: start + windowHours * 60 }));
}

/** Whether a secret may be rotated in one of these stretches of the week. */
export function rotatesDuring(rotation: Rotation, windows: readonly Window[]): boolean {
  return rotationWindows(rotation).some((own) => windows.some((window) => overlaps(own, window)));
}
