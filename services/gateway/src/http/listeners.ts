import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PROBLEM_MEDIA_TYPE, problemDocument, PROBLEMS, type ProblemKind } from './problem';
import { newRequestId } from './trace-id';

/**
 * How long a client may take, milliseconds. It must have sent its headers within ten seconds and its body within
 * fifteen; a connection is kept for longer than the load balancer's idle time-out of 60 s, or the load balancer would
 * send a request on one that is being closed.
 */
const TIMES = { headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 };
/** Slow clients are looked for so often. */
const CHECK_EVERY_MS = 2_000;
/** One task serves some hundred requests at once; more connections than this are a flood. */
const MOST_CONNECTIONS = 4_000;
const HEADER_BYTES = 16 * 1024;

/** A server of our own, for one of the ports. Any number of them may share one listener. */
export function apiServer(
  listener: RequestListener,
  times: Partial<typeof TIMES> & { connectionsCheckingInterval?: number } = {},
): Server {
  const server = createServer(
    {
      ...TIMES,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      maxHeaderSize: HEADER_BYTES,
      ...times,
    },
    listener,
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on('clientError', refuseUnreadable);
  return server;
}

export async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Takes no more connections, closes the idle ones, and waits for the requests that are being answered. */
export async function stopServing(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** What is no HTTP, or comes too slowly, has no request to answer: only a socket. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [kind, detail] = BY_CODE[error.code ?? ''] ?? (['invalid-request', 'This is no HTTP.'] as const);
  const body = JSON.stringify(
    problemDocument({ kind, message: detail, errors: undefined }, { path: '', traceId: newRequestId() }),
  );
  const [status] = PROBLEMS[kind];
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** https://nodejs.org/api/http.html#event-clienterror */
const BY_CODE: Readonly<Record<string, readonly [kind: ProblemKind, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The headers have more than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in time.'],
};
