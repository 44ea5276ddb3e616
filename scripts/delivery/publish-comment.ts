import { acceptanceOf } from '../../core/delivery/acceptance';
import { ACCEPT_LABEL, type CommentInput, renderComment, stateOf } from '../../core/delivery/comment';
import { losesData } from '../../core/delivery/finding';
import type { GitHub } from '../../core/delivery/github/client';
import { findOwnComment, hasLabel, putComment, removeLabel } from '../../core/delivery/github/pull-request';
import { counted } from '../../core/shared/units';
import { BROKEN, REFUSED } from './program';

/** GitHub takes 1 MiB a step. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary */
const SUMMARY_BYTES = 1_000_000;

export interface Published {
  /** Of the comment. */
  readonly body: string;
  /** The same with everything in it, for the job's summary. */
  readonly summary: string;
  /** A line for the log. */
  readonly verdict: string;
  readonly exitCode: number;
}

/**
 * Writes the comment of a pull request, and says whether it may be merged: not while it loses data that nobody accepted,
 * and not while an environment could not be compared, for nothing is known of that.
 */
export async function publishComment(
  github: GitHub,
  pullRequest: number,
  input: Omit<CommentInput, 'acceptance'>,
): Promise<Published> {
  const existing = await findOwnComment(github, pullRequest);
  const isLabelled = await hasLabel(github, pullRequest, ACCEPT_LABEL);
  const acceptance = acceptanceOf(isLabelled, existing?.state, stateOf(input.diffs), input.diffs);
  // Before the comment: were the order the other one and this job stopped between them, the label would seem to be of it.
  if (acceptance === 'withdrawn') await removeLabel(github, pullRequest, ACCEPT_LABEL);
  const body = renderComment({ ...input, acceptance });
  await putComment(github, pullRequest, body, existing);
  return {
    body,
    summary: renderComment({ ...input, acceptance }, SUMMARY_BYTES),
    ...verdictOf({ ...input, acceptance }),
  };
}

/** What a run says at its end. */
export function verdictOf({
  diffs,
  notCompared,
  acceptance,
}: CommentInput): Pick<Published, 'verdict' | 'exitCode'> {
  const losses = diffs.flatMap(({ findings }) => findings).filter(losesData).length;
  if (notCompared.length > 0)
    return {
      verdict: `not compared: ${notCompared.map(({ environment, reason }) => `${environment} (${reason})`).join(', ')}; mend that and run the job again`,
      exitCode: BROKEN,
    };
  if (losses === 0) return { verdict: 'nothing here loses data', exitCode: 0 };
  return acceptance === 'accepted'
    ? { verdict: `${counted(losses, 'change')} would lose data, as accepted by the label`, exitCode: 0 }
    : {
        verdict: `${counted(losses, 'change')} would lose data: read the comment, and set the label "${ACCEPT_LABEL}" if it may go`,
        exitCode: REFUSED,
      };
}
