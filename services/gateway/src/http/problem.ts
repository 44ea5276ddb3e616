import * as z from 'zod';
import { GoLiveError } from '../../../../core/shared/errors';

/** What can go wrong, as far as a client is told: the last part of the problem's type, its status and its title. */
export const PROBLEMS = {
  'invalid-request': [400, 'The request is not what the API describes'],
  'not-signed-in': [401, 'Nobody is signed in'],
  'wrong-credentials': [401, 'The address or the password is wrong'],
  'not-found': [404, 'There is no such thing'],
  'request-timeout': [408, 'The request took too long to arrive'],
  conflict: [409, 'The present state does not allow it'],
  'precondition-failed': [412, 'It was changed by somebody else'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The body must be JSON'],
  'rate-limited': [429, 'Too many requests'],
  'headers-too-large': [431, 'The headers are too large'],
  'internal-error': [500, 'Something went wrong here'],
  unavailable: [503, 'A part that this needs is not available'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

export type ProblemKind = keyof typeof PROBLEMS;

/** Under what a request was wrong: a JSON pointer into its part, such as `/body/name`. */
const Fault = z.object({ pointer: z.string(), detail: z.string() });

/** https://www.rfc-editor.org/rfc/rfc9457 */
export const ProblemDocument = z
  .object({
    type: z.string().describe('A tag URI: compare it as a whole'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().describe('The path that was asked for'),
    traceId: z.string().describe('Tell it to whoever looks into this'),
    errors: z.array(Fault).optional().describe('What of the request is wrong, where it is that'),
  })
  .meta({ id: 'Problem', description: 'A problem, as RFC 9457 describes it' });

export type ProblemDocument = z.output<typeof ProblemDocument>;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export interface ProblemOptions extends ErrorOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: ProblemDocument['errors'];
}

/** A request ends with a problem. The message is its `detail`: it is written for who made the request. */
export class ProblemError extends GoLiveError {
  readonly code = 'ProblemError';
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: ProblemDocument['errors'];

  constructor(
    readonly kind: ProblemKind,
    detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, options);
    this.headers = options.headers ?? {};
    this.errors = options.errors;
  }

  get status(): number {
    return PROBLEMS[this.kind][0];
  }
}

/** The body of the answer. */
export function problemDocument(
  { kind, message, errors }: Pick<ProblemError, 'kind' | 'message' | 'errors'>,
  request: { readonly path: string; readonly traceId: string },
): ProblemDocument {
  const [status, title] = PROBLEMS[kind];
  return {
    type: `tag:golive.example,2026:problem/${kind}`,
    title,
    status,
    detail: message,
    instance: request.path,
    traceId: request.traceId,
    ...(errors && { errors }),
  };
}

/** For the `response` of a route's schema: the problems it may end with, each as OpenAPI wants it. */
export function problemResponses(...kinds: readonly ProblemKind[]): Record<number, ProblemResponse> {
  const responses: Record<number, ProblemResponse> = {};
  for (const kind of kinds) {
    const [status, title] = PROBLEMS[kind];
    const description = [responses[status]?.description, title].filter(Boolean).join('; or: ');
    responses[status] = { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemDocument } } };
  }
  return responses;
}

interface ProblemResponse {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: typeof ProblemDocument }>>;
}
