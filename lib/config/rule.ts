import { minutesOfWeek, type Schedule, type Window } from './schedule';
import type { EnvironmentConfig } from './schema';

/** A rule across fields. It runs when the fields it reads have their right shape. */
export interface Rule {
  /** The field that the problem names. */
  readonly field: string;
  /** Other fields it reads. */
  readonly reads?: readonly string[];
  /** What is allowed, in words, when it does not hold; undefined when it does. */
  readonly broken: (config: EnvironmentConfig) => string | undefined;
}

/** `broken` for a condition that must hold. */
export const unless =
  (holds: (config: EnvironmentConfig) => boolean, allowed: string): Rule['broken'] =>
  (config) =>
    holds(config) ? undefined : allowed;

/** Lambda stops a function after this long. */
export const LONGEST_RUN_MINUTES = 15;

/** A schedule's runs as stretches of the week; none when it cannot be read, which a rule of its own says. */
export function runs(schedule: Schedule, minutes = LONGEST_RUN_MINUTES): Window[] {
  try {
    return minutesOfWeek(schedule).map((start) => ({ start, end: start + minutes }));
  } catch {
    return [];
  }
}
