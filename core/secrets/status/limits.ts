import * as z from 'zod';

const Hours = z.number().positive();
const Days = z.number().positive();

/**
 * What is allowed. A rotation takes minutes, and Secrets Manager tries a failed one again within its window, so one
 * that has been pending for an hour is looked at, and one of six hours will not end by itself.
 */
export const SecretsLimits = z.strictObject({
  /** After the rotation was due. A window may start it late by hours, not by a day. */
  overdueWarningDays: Days.default(1),
  overdueCriticalDays: Days.default(2),
  pendingWarningHours: Hours.default(1),
  pendingCriticalHours: Hours.default(6),
  /** How long past its rotation interval a key may still be *next*. */
  nextKeyWarningDays: Days.default(1),
  nextKeyCriticalDays: Days.default(2),
  /** After the value changed. The pick-up waits for more changes, and a deployment takes its time to begin. */
  pickUpWarningMinutes: z.number().positive().default(15),
  pickUpCriticalMinutes: z.number().positive().default(60),
});
export type SecretsLimits = z.output<typeof SecretsLimits>;
