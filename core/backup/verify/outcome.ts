import { GoLiveError, saidBy } from '../../shared/errors';
import type { Rung } from './record';

/** How a rung ended, without its times. */
export type Outcome = Pick<Rung, 'status' | 'detail'>;

export const passed = (detail: string): Outcome => ({ status: 'passed', detail });

/** Only with evidence against the backup. */
export const failed = (detail: string): Outcome => ({ status: 'failed', detail });

/** Something was in the way that says nothing of the backup. */
export const notRun = (detail: string): Outcome => ({ status: 'not-run', detail });

/** What was in the way, in its own words: our errors already end in what to do. */
export function reasonIn(error: unknown): string {
  return error instanceof GoLiveError ? error.message : saidBy(error);
}

const NAMED = 5;

/** The first few, and how many more there are. */
export function someOf(messages: readonly string[]): string {
  const more = messages.length - NAMED;
  return `${messages.slice(0, NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
