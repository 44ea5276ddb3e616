import * as z from 'zod';
import { jsonOrUndefined } from '../shared/json';

/** What a comment of ours says to the next run: which findings stood in it. */
export interface CommentState {
  /** Of all findings that lose data. */
  readonly fingerprint: string;
  /** Each of them. */
  readonly findings: readonly string[];
}

const PREFIX = '<!-- golive-diff ';
const SUFFIX = ' -->';

const Id = z.string().regex(/^[0-9a-f]{12}$/);
const State = z.object({ v: z.literal(1), fingerprint: Id, findings: z.array(Id) });

/** The first line of the comment: the mark by which it is found again, and its state. Hexadecimal digits close no comment. */
export function markerOf({ fingerprint, findings }: CommentState): string {
  return `${PREFIX}${JSON.stringify({ v: 1, fingerprint, findings })}${SUFFIX}`;
}

/** The state of a comment; undefined when it is not ours, or of another version. */
export function readMarker(body: string): CommentState | undefined {
  const [first = ''] = body.split('\n', 1);
  const line = first.trimEnd();
  if (!line.startsWith(PREFIX) || !line.endsWith(SUFFIX)) return undefined;
  const read = State.safeParse(jsonOrUndefined(line.slice(PREFIX.length, -SUFFIX.length))).data;
  return read && { fingerprint: read.fingerprint, findings: read.findings };
}

/** Whether a comment is one of ours, of whatever version. */
export function isMarked(body: string): boolean {
  return body.startsWith(PREFIX);
}
