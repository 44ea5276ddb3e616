import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A Sentry of our own on a free port, which keeps every byte that reaches it. */
export interface SentryStub {
  readonly dsn: string;
  /** The envelopes as they came over the wire: headers of the request, then the body. */
  readonly envelopes: string[];
  /** How the stub answers from now on: a status, or never. */
  answer: number | 'never';
  /** Resolves when so many envelopes have arrived. */
  reached(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startSentryStub(): Promise<SentryStub> {
  const envelopes: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      envelopes.push(`${request.url}\n${JSON.stringify(request.headers)}\n${text.toString()}`);
      server.emit('envelope');
      if (stub.answer !== 'never') response.writeHead(stub.answer).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: SentryStub = {
    dsn: `http://0123456789abcdef@127.0.0.1:${(server.address() as AddressInfo).port}/42`,
    envelopes,
    answer: 200,
    reached: async (count) => {
      while (envelopes.length < count) await once(server, 'envelope');
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return stub;
}

/** The event inside an envelope. */
export function eventOf(envelope: string | undefined): Record<string, unknown> {
  return itemOf(envelope, 'event');
}

/** The check-in inside an envelope. */
export function checkInOf(envelope: string | undefined): Record<string, unknown> {
  return itemOf(envelope, 'check_in');
}

function itemOf(envelope: string | undefined, type: string): Record<string, unknown> {
  const lines = (envelope ?? '').split('\n');
  const header = lines.findIndex((line) => line.startsWith(`{"type":"${type}"`));
  return JSON.parse((header >= 0 && lines[header + 1]) || '{}') as Record<string, unknown>;
}
