import { GoLiveError } from '../../shared/errors';
import { withLease, type Timing } from '../lease';
import { RETENTION_LEASE } from './lease-name';
import { obstaclesOf, pruneDumps, type PruneDumpsReport } from './prune-dumps';
import { surveyDumps, type RetentionSurvey, type SurveyRequest } from './survey';

export interface RetentionRequest extends SurveyRequest {
  /** Only plan, and say what would be done. @default false */
  readonly dryRun?: boolean;
  /** Who asks, for others who find the vault leased. */
  readonly holder: string;
  readonly log: { warn(message: string, fields: Record<string, unknown>): void };
  /** Stops between two backups. */
  readonly signal?: AbortSignal;
  /** @default - the machine's */
  readonly timing?: Timing;
}

export interface RetentionReport {
  readonly survey: RetentionSurvey;
  readonly pruned: PruneDumpsReport;
}

/** Something that should have gone is still there. Nothing that should stay has gone. */
export class RetentionIncompleteError extends GoLiveError {
  readonly code = 'RetentionIncompleteError';
  override readonly retryable = true;
}

/**
 * Plans and prunes a vault's dumps, alone. A dry run changes nothing, and takes no lease: whoever may only look may
 * run it.
 *
 * @throws LeaseHeldError when another run is at work, and what `surveyDumps` and `pruneDumps` throw
 */
export async function runRetention(request: RetentionRequest): Promise<RetentionReport> {
  const { s3, bucket, dryRun = false, holder, log, signal, timing } = request;
  const prune = async (ends: AbortSignal | undefined): Promise<RetentionReport> => {
    const survey = await surveyDumps(request);
    const pruned = await pruneDumps({ s3, bucket, plan: survey.plan, dryRun, ...(ends && { signal: ends }) });
    return { survey, pruned };
  };
  if (dryRun) return await prune(signal);
  return await withLease({ s3, bucket, name: RETENTION_LEASE, holder, signal, timing, log }, (_, ends) =>
    prune(ends),
  );
}

/**
 * For a runner that nobody watches: an end that is not whole is an error, so that its alarm tells.
 *
 * @throws RetentionIncompleteError
 */
export function requireComplete({ pruned }: RetentionReport): void {
  if (pruned.complete) return;
  const obstacles = obstaclesOf(pruned).filter(({ kind }) => kind !== 'protected');
  const [first] = obstacles;
  const unreached = pruned.dumps.filter(({ outcome }) => outcome === 'not-reached').length;
  throw new RetentionIncompleteError(
    first
      ? `${obstacles.length} objects could not be pruned, the first: ${first.message}`
      : `${unreached} expired backups were not reached in time; the next run goes on, or raise the function's timeout`,
  );
}
