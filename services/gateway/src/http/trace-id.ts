import { randomBytes } from 'node:crypto';
import { currentTraceId } from '@golive/observability';

/** The id that a new request is found by, in logs, traces and errors: its trace's, or one of the same form. */
export function newRequestId(): string {
  return currentTraceId() ?? randomBytes(16).toString('hex');
}

const LONGEST_PATH = 200;

/** The path alone, and no more of it than a path of ours has: what stands behind it may be anybody's secret. */
export function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0]!.slice(0, LONGEST_PATH);
}
