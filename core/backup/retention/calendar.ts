/** Calendar periods in UTC. A period's name sorts by time and is what people call it. */

export type Period = 'daily' | 'weekly' | 'monthly' | 'yearly';

export const PERIODS: readonly Period[] = ['daily', 'weekly', 'monthly', 'yearly'];

export const DAY_MS = 86_400_000;

/** The period that holds the instant: `2026-11-23`, `week of 2026-11-23` (its Monday, as ISO 8601), `2026-11`, `2026`. */
export function periodOf(instant: Date, period: Period): string {
  const day = instant.toISOString().slice(0, 10);
  switch (period) {
    case 'daily':
      return day;
    case 'weekly':
      return `week of ${mondayOf(instant)}`;
    case 'monthly':
      return day.slice(0, 7);
    case 'yearly':
      return day.slice(0, 4);
  }
}

function mondayOf(instant: Date): string {
  const daysSinceMonday = (instant.getUTCDay() + 6) % 7;
  return new Date(instant.getTime() - daysSinceMonday * DAY_MS).toISOString().slice(0, 10);
}
