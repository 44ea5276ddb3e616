import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { GoLiveError } from '../core/shared/errors';
import { jsonOrUndefined } from '../core/shared/json';
import { readSpans, type ReceivedSpan } from './otlp-spans';

export type { ReceivedSpan } from './otlp-spans';
export { formatTrace } from './format-trace';

/** Stands where a collector would, and keeps what it is sent. */
export interface SpanSink {
  /** What services are told as `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** All spans so far, as they came. */
  spans(): readonly ReceivedSpan[];
  /** The spans of one trace, the earliest first. */
  trace(traceId: string): readonly ReceivedSpan[];
  /**
   * Resolves with the spans of the first trace of which this is true; asked again whenever spans arrive.
   *
   * @throws SpansNotReceivedError when none has come in time
   */
  waitFor(
    predicate: (trace: readonly ReceivedSpan[]) => boolean,
    options?: { readonly timeoutMs?: number },
  ): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

/** Thrown when the spans that were waited for have not come. */
export class SpansNotReceivedError extends GoLiveError {
  readonly code = 'SpansNotReceivedError';
}

/** What a collector takes in one request: OTLP exporters send far less. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
/** A platform that runs for days keeps the newest. */
const MAX_SPANS = 50_000;

/**
 * Receives traces by OTLP over HTTP in JSON, which is what our services send.
 * https://opentelemetry.io/docs/specs/otlp/#otlphttp
 *
 * @param options.port @default 0, a free one
 */
export async function startSpanSink({ port = 0 }: { readonly port?: number } = {}): Promise<SpanSink> {
  const received: ReceivedSpan[] = [];
  const onArrival = new Set<() => void>();

  const server = createServer((request, response) => {
    takeIn(request)
      .then(({ status, spans }) => {
        received.push(...spans);
        if (received.length > MAX_SPANS) received.splice(0, received.length - MAX_SPANS);
        answer(response, status);
        for (const look of [...onArrival]) look();
      })
      .catch(() => answer(response, 400));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  const trace = (traceId: string) =>
    received.filter((span) => span.traceId === traceId).sort((a, b) => a.startMs - b.startMs);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => received,
    trace,
    waitFor(predicate, { timeoutMs = TIMEOUT_MS } = {}) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const ids = new Set(received.map(({ traceId }) => traceId));
          const found = [...ids].map(trace).find(predicate);
          if (found === undefined) return;
          stop();
          resolve(found);
        };
        const timer = setTimeout(() => {
          stop();
          const names = [...new Set(received.map(({ service, name }) => `${service}: ${name}`))].slice(0, 20);
          reject(
            new SpansNotReceivedError(
              `the spans did not come in ${timeoutMs} ms; what came is ${names.join(', ') || 'nothing'}: look whether ` +
                'the services run with OTEL_ENABLED=true and send to this address',
            ),
          );
        }, timeoutMs);
        const stop = () => {
          clearTimeout(timer);
          onArrival.delete(look);
        };
        onArrival.add(look);
        look();
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function takeIn(request: IncomingMessage): Promise<{ status: number; spans: readonly ReceivedSpan[] }> {
  const refused = (status: number) => ({ status, spans: [] });
  const body = await bodyOf(request);
  if (request.method !== 'POST') return refused(405);
  if (request.url !== '/v1/traces') return refused(404);
  if (!request.headers['content-type']?.startsWith('application/json')) return refused(415);
  if (body === undefined) return refused(413);
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const spans = readSpans(jsonOrUndefined(text.toString('utf8')));
  return spans === undefined ? refused(400) : { status: 200, spans };
}

/** The body, or undefined when it is larger than a collector takes. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
}
