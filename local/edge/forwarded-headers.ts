import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Names and values in turn, as Node has raw headers. */
export type RawHeaders = readonly string[];

/** They speak of one connection, and not of what is passed on. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const OF_ONE_CONNECTION = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What the load balancer takes for the name of a header: whatever else has one is dropped. */
const VALID_NAME = /^[-A-Za-z0-9]+$/;

/** All but what is said to the next one alone, and what that names in `Connection`. */
export function endToEnd(headers: RawHeaders): string[] {
  const named = valuesOf(headers, 'connection').flatMap((value) => value.split(','));
  const left = new Set([...OF_ONE_CONNECTION, ...named.map((name) => name.trim().toLowerCase())]);
  return pairsOf(headers)
    .filter(([name]) => !left.has(name.toLowerCase()))
    .flat();
}

/**
 * The headers of a request as an Application Load Balancer passes them on: who came is appended to `X-Forwarded-For`,
 * by which protocol and port is written anew, and the trace's id is completed. `Forwarded`, `X-Forwarded-Host` and
 * `traceparent` pass as they came.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
 */
export function forwardedHeaders({ rawHeaders, socket }: IncomingMessage, port: number): string[] {
  const client = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const written = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port', 'x-amzn-trace-id'];
  const kept = pairsOf(endToEnd(rawHeaders)).filter(
    ([name]) => VALID_NAME.test(name) && !written.includes(name.toLowerCase()),
  );
  return [
    ...kept.flat(),
    ...['X-Forwarded-For', [...valuesOf(rawHeaders, 'x-forwarded-for'), client].join(', ')],
    ...['X-Forwarded-Proto', 'http'],
    ...['X-Forwarded-Port', String(port)],
    ...['X-Amzn-Trace-Id', traceId(valuesOf(rawHeaders, 'x-amzn-trace-id').at(-1))],
  ];
}

/**
 * What comes without a root gets one; what has one keeps it, and gets a field of the load balancer's own.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html
 */
export function traceId(given: string | undefined, now = Date.now()): string {
  const id = `1-${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
  const fields = (given ?? '').split(';').filter((field) => field !== '' && !/^Self=/i.test(field));
  if (fields.some((field) => /^Root=/i.test(field))) return [`Self=${id}`, ...fields].join(';');
  return [`Root=${id}`, ...fields].join(';');
}

function valuesOf(headers: RawHeaders, wanted: string): string[] {
  return pairsOf(headers)
    .filter(([name]) => name.toLowerCase() === wanted)
    .map(([, value]) => value);
}

function pairsOf(headers: RawHeaders): [name: string, value: string][] {
  return Array.from({ length: headers.length / 2 }, (_, index) => [
    headers[2 * index]!,
    headers[2 * index + 1]!,
  ]);
}
