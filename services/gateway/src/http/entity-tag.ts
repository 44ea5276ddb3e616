import { ProblemError } from './problem';

/** The entity tag of a row's revision. https://www.rfc-editor.org/rfc/rfc9110#name-etag */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}

/** Whether a header such as `If-None-Match` names the tag. Weak and strong ones are alike: there is one form of each. */
export function names(header: string, tag: string): boolean {
  return header
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''))
    .some((one) => one === '*' || one === tag);
}

/**
 * Refuses a change of what the client has not seen.
 *
 * @param ifMatch the header; without it any revision may be changed
 * @throws ProblemError
 */
export function refuseUnseen(ifMatch: string | undefined, revision: number): void {
  if (ifMatch === undefined || names(ifMatch, entityTag(revision))) return;
  throw changedMeanwhile();
}

export function changedMeanwhile(): ProblemError {
  return new ProblemError(
    'precondition-failed',
    'It is not what it was when you read it; read it again, and make your change on that.',
  );
}
