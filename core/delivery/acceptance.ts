import type { EnvironmentDiff } from './compare-environment';
import { type Acceptance } from './comment';
import { findingId, type Finding, losesData } from './finding';
import type { CommentState } from './marker';

/**
 * Whether the label that is set was set for this list. It was when the list that stood in the comment before is this one;
 * whoever set it before there was a list has seen none.
 */
export function acceptanceOf(
  isLabelled: boolean,
  before: CommentState | undefined,
  now: CommentState,
  diffs: readonly EnvironmentDiff[],
): Acceptance {
  if (!isLabelled || !diffs.some(({ findings }) => findings.some(losesData))) return 'none';
  return before?.fingerprint === now.fingerprint ? 'accepted' : 'withdrawn';
}

/** The findings that lose data and that nobody accepted. */
export function unacceptedOf(
  findings: readonly Finding[],
  isAccepted: (id: string) => boolean,
): readonly Finding[] {
  return findings.filter((finding) => losesData(finding) && !isAccepted(findingId(finding)));
}
