import * as z from 'zod';
import { isMarked, readMarker, type CommentState } from '../marker';
import type { GitHub } from './client';
import { GitHubRefusedError } from './errors';

/** Who writes with a workflow's own token. Anybody may write a comment that looks like ours; nobody else is this. */
const WORKFLOWS = { login: 'github-actions[bot]', type: 'Bot' };

const Comment = z.object({
  id: z.number(),
  body: z.string().nullish(),
  user: z.object({ login: z.string(), type: z.string() }).nullish(),
});
const Label = z.object({ name: z.string() });
const PullRequest = z.object({
  number: z.number(),
  merged_at: z.string().nullable(),
  updated_at: z.string(),
  labels: z.array(Label),
});

/** A comment that a run of ours left. */
export interface OwnComment {
  readonly id: number;
  /** Undefined when it is of another version. */
  readonly state: CommentState | undefined;
}

/** The oldest comment of ours; undefined when there is none. */
export async function findOwnComment(github: GitHub, pullRequest: number): Promise<OwnComment | undefined> {
  for await (const item of github.list(`/issues/${pullRequest}/comments`)) {
    const { id, body, user } = Comment.parse(item);
    if (user?.login === WORKFLOWS.login && user.type === WORKFLOWS.type && body && isMarked(body))
      return { id, state: readMarker(body) };
  }
  return undefined;
}

/** Writes the comment in place of the one that is there; anew, if somebody has deleted that since. */
export async function putComment(
  github: GitHub,
  pullRequest: number,
  body: string,
  existing: OwnComment | undefined,
): Promise<void> {
  if (existing) {
    try {
      await github.call('PATCH', `/issues/comments/${existing.id}`, { body });
      return;
    } catch (error) {
      if (!(error instanceof GitHubRefusedError && error.status === 404)) throw error;
    }
  }
  await github.call('POST', `/issues/${pullRequest}/comments`, { body });
}

export async function hasLabel(github: GitHub, pullRequest: number, label: string): Promise<boolean> {
  for await (const item of github.list(`/issues/${pullRequest}/labels`))
    if (Label.parse(item).name === label) return true;
  return false;
}

/** Takes a label off; that somebody has done so already is as good. */
export async function removeLabel(github: GitHub, pullRequest: number, label: string): Promise<void> {
  try {
    await github.call('DELETE', `/issues/${pullRequest}/labels/${encodeURIComponent(label)}`);
  } catch (error) {
    if (!(error instanceof GitHubRefusedError && error.status === 404)) throw error;
  }
}

export interface AcceptedQuery {
  readonly label: string;
  /** Whose pull requests count: those that were merged into it. */
  readonly branch: string;
  /** How far back; what was merged earlier has been deployed, or must be looked at again. */
  readonly since: Date;
}

/**
 * The findings that people accepted with the label, in pull requests that were merged since: what stood in our comment
 * there when it was merged.
 */
export async function acceptedFindings(
  github: GitHub,
  { label, branch, since }: AcceptedQuery,
): Promise<Map<string, number>> {
  const accepted = new Map<string, number>();
  const query = { state: 'closed', base: branch, sort: 'updated', direction: 'desc' };
  for await (const item of github.list('/pulls', query)) {
    const { number, merged_at: mergedAt, updated_at: updatedAt, labels } = PullRequest.parse(item);
    if (new Date(updatedAt) < since) break;
    if (mergedAt === null || new Date(mergedAt) < since) continue;
    if (!labels.some(({ name }) => name === label)) continue;
    const comment = await findOwnComment(github, number);
    for (const finding of comment?.state?.findings ?? []) accepted.set(finding, number);
  }
  return accepted;
}
