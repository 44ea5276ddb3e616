import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { captureError, currentTraceId } from '@golive/observability';
import { contentSecurityPolicy } from '../security/content-security-policy';
import { securityHeaders } from '../security/headers';
import { refusalOf } from '../security/request-rules';
import { readCookies } from '../session/cookies';
import { clientAddress } from './client-address';
import { nameRequestSpan } from './next-spans';
import { isFile, routeOf } from './route';
import { withRequest, type RequestContext, type RuntimeLog } from './runtime';

export interface ListenerOptions {
  /** What people type, such as `https://golive.example`. */
  readonly publicOrigin: string;
  /** Next.js. */
  readonly render: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly isStopping: () => boolean;
  readonly log: RuntimeLog;
}

/**
 * Stands before Next.js. What is true of every answer is made here and not in Next.js's `proxy.ts`, which sees neither files
 * nor errors: security headers, the nonce, what is believed of a request, and a line in the log.
 */
export function createListener({ publicOrigin, render, isStopping, log }: ListenerOptions): RequestListener {
  const { protocol, host, origin } = new URL(publicOrigin);
  const https = protocol === 'https:';
  const everywhere = Object.entries(securityHeaders({ https }));

  return (request, response) => {
    const started = performance.now();
    const address = clientAddress(request.headers, request.socket.remoteAddress);
    const { method = 'GET', url = '/' } = request;
    const path = pathOf(url);
    const context: RequestContext = {
      traceId: currentTraceId() ?? randomBytes(16).toString('hex'),
      address,
      url,
      cookies: readCookies(request.headers.cookie),
      status: undefined,
      headers: [],
    };
    const route = routeOf(path);
    nameRequestSpan(method, route);
    response.once('close', () => {
      // Asked for so often that nobody would read it.
      if (isFile(path) || path.startsWith('/health/')) return;
      const { statusCode: status, writableFinished } = response;
      const durationMs = Math.round((performance.now() - started) * 10) / 10;
      const ended = writableFinished ? {} : { aborted: true };
      log.info({ method, route, path, status, durationMs, trace_id: context.traceId, ...ended }, 'request');
    });

    const policy = contentSecurityPolicy({ nonce: randomBytes(16).toString('base64'), https });
    for (const [name, value] of everywhere) response.setHeader(name, value);
    response.setHeader('Content-Security-Policy', policy);
    // Whoever keeps connections is to open the next one elsewhere.
    if (isStopping()) response.setHeader('Connection', 'close');
    carry(context, response);

    const refused = refusalOf({ method, path, headers: request.headers }, origin);
    if (refused) {
      for (const [name, value] of Object.entries(refused.headers ?? {})) response.setHeader(name, value);
      // What is left of the body is not read, so nothing else can follow on this connection.
      answerPlainly(response, refused.status, refused.message);
      return;
    }

    settle(request, { address, host, protocol: protocol.slice(0, -1), policy });
    withRequest(context, () => render(request, response)).catch((error: unknown) => {
      captureError(error, { component: 'server', tags: { route, method } });
      log.error({ err: error, method, path, trace_id: context.traceId }, 'a request could not be answered');
      if (response.headersSent) response.destroy();
      else answerPlainly(response, 500, `Something went wrong here. Its trace id is ${context.traceId}.`);
    });
  };
}

/** What clients say of other things than what they ask for. */
const UNTRUSTED = [
  'forwarded',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-amzn-trace-id',
  'content-security-policy-report-only',
  // No page has a server action: their ids change with each build, so a form from before a deployment would fail.
  'next-action',
];

/** Makes a request say what is true, whatever it said. Next.js takes the nonce from the policy, and hosts from these. */
function settle(
  { headers }: IncomingMessage,
  known: {
    readonly address: string;
    readonly host: string;
    readonly protocol: string;
    readonly policy: string;
  },
): void {
  for (const name of UNTRUSTED) {
    if (headers[name] !== undefined) delete headers[name];
  }
  headers['x-forwarded-for'] = known.address;
  headers['x-forwarded-host'] = known.host;
  headers['x-forwarded-proto'] = known.protocol;
  headers.host = known.host;
  headers['content-security-policy'] = known.policy;
}

/** Lets a page choose its status and set cookies, in the moment in which the head of the answer leaves. */
function carry(context: RequestContext, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (
    status: number,
    ...rest: unknown[]
  ) => ServerResponse;
  response.writeHead = (status: number, ...rest: unknown[]) => {
    for (const [name, value] of context.headers) response.appendHeader(name, value);
    response.statusCode = context.status ?? status;
    return writeHead(response.statusCode, ...rest);
  };
}

function answerPlainly(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Connection', 'close');
  response.end(`${message}\n`);
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? '/';
}
