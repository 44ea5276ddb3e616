import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { lendRuntime } from '../../../services/frontend/src/server/runtime';
import { forwardEnvelope } from '../../../services/frontend/src/sentry/tunnel';
import { lendTestRuntime } from './support/runtime';

interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('errors of browsers on their way to Sentry', () => {
  let sentry: Server;
  let received: Received[];
  let status: number;
  let dsn: string;

  beforeEach(async () => {
    received = [];
    status = 200;
    sentry = createServer((request, response) => {
      void text(request).then((body) => {
        received.push({ url: request.url ?? '', headers: request.headers, body });
        response.writeHead(status, {
          'retry-after': '60',
          'x-sentry-rate-limits': '60::organization',
          'set-cookie': 'a=b',
        });
        response.end('{"id":"1"}');
      });
    });
    await new Promise<void>((resolve) => sentry.listen(0, '127.0.0.1', resolve));
    dsn = `http://public@127.0.0.1:${(sentry.address() as AddressInfo).port}/prefix/42`;
    lendTestRuntime('http://127.0.0.1:9', { sentryDsn: () => dsn });
  });

  afterEach(async () => {
    lendRuntime(undefined);
    sentry.closeAllConnections();
    await new Promise((resolve) => sentry.close(resolve));
  });

  const send = (body: string) =>
    forwardEnvelope(
      new Request('https://golive.example/monitoring', {
        method: 'POST',
        body,
        headers: { cookie: 'session=secret' },
      }),
    );
  const envelope = (to: string) => `${JSON.stringify({ dsn: to })}\n{"type":"event"}\n{"message":"ü"}`;

  it('are not taken where there is no DSN', async () => {
    lendTestRuntime('http://127.0.0.1:9');
    expect((await send(envelope(dsn))).status).toBe(404);
    expect(received).toEqual([]);
  });

  it.each([
    ['another project', () => envelope(dsn.replace('42', '43'))],
    ['another host', () => envelope('https://public@evil.example/42')],
    ['nobody', () => '{}\n{}'],
    ['what is no envelope', () => 'hello'],
    ['nothing', () => ''],
  ])('do not go to %s', async (_, body) => {
    expect((await send(body())).status).toBe(400);
    expect(received).toEqual([]);
  });

  it('go on as they are, and nothing of the browser goes with them', async () => {
    const response = await send(envelope(dsn));
    expect(response.status).toBe(200);
    expect(received).toHaveLength(1);
    const [{ url, headers, body }] = received as [Received];
    expect(url).toBe('/prefix/api/42/envelope/?sentry_key=public&sentry_version=7');
    expect(body).toBe(envelope(dsn));
    expect(headers['content-type']).toBe('application/x-sentry-envelope');
    expect(headers).not.toHaveProperty('cookie');
  });

  it('stop when Sentry asks for it: what it says of limits comes back, and nothing else', async () => {
    status = 429;
    const response = await send(envelope(dsn));
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      'retry-after': '60',
      'x-sentry-rate-limits': '60::organization',
    });
  });

  it('are lost without harm when Sentry is away', async () => {
    const gone = dsn;
    sentry.closeAllConnections();
    await new Promise((resolve) => sentry.close(resolve));
    expect((await send(envelope(gone))).status).toBe(502);
  });
});
