import * as z from 'zod';
import { saidBy } from '../../../../core/shared/errors';
import { given, refused, type Answer } from './answer';
import { OpenedSession, ProjectPage, Status, User } from './answers';
import {
  GatewayAnswerError,
  GatewayUnavailableError,
  GatewayUnreachableError,
  type GatewayError,
} from './errors';
import { retryAfterSeconds } from './retry-after';

/** Who asks. */
export interface Caller {
  /** The session's token. */
  readonly token: string;
  /** The address of the person's machine, as the load balancer saw it. */
  readonly address: string;
}

/** What the frontend asks of the gateway. Nothing here throws. */
export interface Gateway {
  signIn(credentials: Credentials, from: Pick<Caller, 'address'>): Promise<Answer<OpenedSession>>;
  signOut(caller: Caller): Promise<Answer<undefined>>;
  me(caller: Caller): Promise<Answer<User>>;
  status(caller: Caller): Promise<Answer<Status>>;
  /** A page of projects, the newest first. @param cursor `next` of the page before */
  projects(
    caller: Caller,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Answer<ProjectPage>>;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface GatewayOptions {
  /** The gateway's internal address. */
  readonly url: string;
  readonly version: string;
  /** How long an answer may take, milliseconds. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
  /** Is told what went wrong, once for each request that failed. */
  readonly onError: (error: GatewayError) => void;
}

/**
 * A person waits behind this, and the load balancer's own patience is 60 s. The gateway gives up a statement earlier than
 * this.
 */
const TIMEOUT_MS = 5_000;
/** When the gateway does not say how long to wait, seconds. */
const RETRY_SECONDS = 10;

export function createGateway(options: GatewayOptions): Gateway {
  const ask = createAsk(options);
  return {
    signIn: (credentials, { address }) =>
      ask({
        method: 'POST',
        path: '/api/v1/sessions',
        body: credentials,
        address,
        schema: OpenedSession,
        signsIn: true,
      }),
    signOut: (caller) =>
      ask({ method: 'DELETE', path: '/api/v1/sessions/current', ...caller, schema: z.undefined() }),
    me: (caller) => ask({ path: '/api/v1/me', ...caller, schema: User }),
    status: (caller) => ask({ path: '/api/v1/status', ...caller, schema: Status }),
    projects: (caller, { limit, cursor }) => {
      const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
      return ask({ path: `/api/v1/projects?${query.toString()}`, ...caller, schema: ProjectPage });
    },
  };
}

interface Question<Schema extends z.ZodType> {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly schema: Schema;
  readonly address: string;
  readonly token?: string;
  readonly body?: object;
  /** Whether a refusal is about the credentials, and not about a session. */
  readonly signsIn?: boolean;
}

function createAsk({
  url,
  version,
  timeoutMs = TIMEOUT_MS,
  fetch = globalThis.fetch,
  onError,
}: GatewayOptions) {
  const send = async (question: Question<z.ZodType>): Promise<Response> => {
    const { method = 'GET', path, address, token, body } = question;
    return fetch(new URL(path, url), {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': `golive-frontend/${version}`,
        'x-forwarded-for': address,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
  };

  return async <Schema extends z.ZodType>(question: Question<Schema>): Promise<Answer<z.output<Schema>>> => {
    const { method = 'GET', path } = question;
    const what = `${method} ${path.replace(/\?.*$/, '')}`;
    const away = (error: GatewayError, seconds = RETRY_SECONDS) => {
      onError(error);
      return refused({ kind: 'unavailable', retryAfterSeconds: seconds });
    };
    let response: Response;
    let text: string;
    try {
      response = await withSecondTry(() => send(question), method);
      text = await response.text();
    } catch (cause) {
      return away(
        new GatewayUnreachableError(`${what}: no answer: ${reasonOf(cause)}; look at the gateway's tasks`, {
          cause,
        }),
      );
    }
    const wait = (fallback: number) => retryAfterSeconds(response.headers.get('retry-after'), fallback);
    switch (response.status) {
      case 400:
        // What the form lets through and the gateway does not is no address that anybody could have.
        if (question.signsIn) return refused({ kind: 'wrong-credentials' });
        break;
      case 401:
        return refused({ kind: question.signsIn ? 'wrong-credentials' : 'signed-out' });
      case 429:
        return refused({ kind: 'too-many', retryAfterSeconds: wait(RETRY_SECONDS) });
      case 502:
      case 503:
      case 504:
        return away(
          new GatewayUnavailableError(`${what}: ${response.status}; the gateway's log says what it misses`),
          wait(RETRY_SECONDS),
        );
      default:
    }
    if (!response.ok) {
      return away(
        new GatewayAnswerError(`${what}: ${response.status} is not expected; compare both versions`),
      );
    }
    const parsed = question.schema.safeParse(jsonOf(text));
    if (parsed.success) return given(parsed.data);
    return away(
      new GatewayAnswerError(
        `${what}: the answer is not what was agreed: ${problemsOf(parsed.error)}; compare both versions`,
      ),
    );
  };
}

/** These say that nothing was sent, so that even a sign-in may be tried again. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
/** A kept connection that the other side closed just now: what only reads may be tried again. */
const CUT_OFF = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Once more, at once: a task of the gateway that has just gone is not the only one. */
async function withSecondTry(send: () => Promise<Response>, method: string): Promise<Response> {
  try {
    return await send();
  } catch (error) {
    const code = networkCode(error);
    const harmless = NEVER_SENT.has(code) || (method !== 'POST' && CUT_OFF.has(code));
    if (!harmless) throw error;
    return send();
  }
}

/** The code that Node gives what went wrong with a connection; `fetch` hides it in the cause. */
function networkCode(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: unknown } | null };
  return typeof cause?.code === 'string' ? cause.code : '';
}

function reasonOf(error: unknown): string {
  const code = networkCode(error);
  return code === '' ? saidBy(error) : code;
}

/** Undefined, which JSON cannot say, for an empty answer; what is no JSON stays text and fits no schema. */
function jsonOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Where an answer is wrong, without what stood there. */
function problemsOf({ issues }: z.ZodError): string {
  return issues
    .slice(0, 3)
    .map(({ path, code }) => `${path.join('.') || 'all of it'} (${code})`)
    .join(', ');
}
