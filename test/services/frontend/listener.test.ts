import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { securityHeaders } from '../../../services/frontend/src/security/headers';
import { createListener, type ListenerOptions } from '../../../services/frontend/src/server/listener';
import { currentRequest } from '../../../services/frontend/src/server/runtime';
import { keptLog, type LogLine } from './support/runtime';

const ORIGIN = 'https://golive.example';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('the server before Next.js', () => {
  let server: Server;
  let lines: LogLine[];
  let seen: IncomingHttpHeaders[];
  let stopping: boolean;
  let render: ListenerOptions['render'];

  beforeEach(async () => {
    const kept = keptLog();
    lines = kept.lines;
    seen = [];
    stopping = false;
    render = (_request, response) => {
      response.end('page');
      return Promise.resolve();
    };
    server = createServer(
      createListener({
        publicOrigin: ORIGIN,
        log: kept.log,
        isStopping: () => stopping,
        render: (request, response) => {
          seen.push({ ...request.headers });
          return render(request, response);
        },
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  async function ask(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Answer> {
    const { method = 'GET', headers = {}, body } = options;
    const { port } = server.address() as AddressInfo;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', path, method, headers }, resolve)
        .once('error', reject)
        .end(body);
    });
    return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
  }

  const expectProtected = ({ headers }: Answer) => {
    for (const [name, value] of Object.entries(securityHeaders({ https: true }))) {
      expect([name, headers[name.toLowerCase()]]).toEqual([name, value]);
    }
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'nonce-[\w+/]{22}=='/,
    );
  };

  it('answers for a page that failed, with a trace id and every header', async () => {
    render = () => Promise.reject(new Error('the password is hunter2'));
    const answer = await ask('/');
    expect(answer.status).toBe(500);
    expect(answer.body).toMatch(/^Something went wrong here\. Its trace id is [0-9a-f]{32}\.\n$/);
    expectProtected(answer);
    expect(lines.map(({ level, message }) => [level, message])).toContainEqual([
      'error',
      'a request could not be answered',
    ]);
  });

  it('cuts off an answer that failed half-way, so that nobody takes it for whole', async () => {
    render = async (_request, response) => {
      response.write('half');
      await Promise.resolve();
      throw new Error('in the middle');
    };
    await expect(ask('/')).rejects.toThrow(/aborted|hang up/);
  });

  it('refuses what breaks the rules before any page sees it, with every header', async () => {
    const foreign = await ask('/session', {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-length': '3' },
      body: 'a=b',
    });
    expect([foreign.status, foreign.headers.connection]).toEqual([403, 'close']);
    const put = await ask('/', { method: 'PUT' });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD']);
    expectProtected(foreign);
    expectProtected(put);
    expect(seen).toEqual([]);
  });

  it('puts its headers on every answer, and a fresh nonce', async () => {
    const [first, second] = [await ask('/'), await ask('/_next/static/file.js')];
    expectProtected(first);
    expectProtected(second);
    expect(first.headers['content-security-policy']).not.toBe(second.headers['content-security-policy']);
  });

  it('tells Next.js the policy that it sends, and believes none that a client brings', async () => {
    const answer = await ask('/', {
      headers: {
        'content-security-policy': "script-src 'nonce-evil'",
        'content-security-policy-report-only': 'x',
      },
    });
    expect(seen[0]?.['content-security-policy']).toBe(answer.headers['content-security-policy']);
    expect(seen[0]).not.toHaveProperty('content-security-policy-report-only');
  });

  it('believes nothing that a client says of traces, hosts and addresses but the last hop', async () => {
    await ask('/', {
      headers: {
        host: 'evil.example',
        forwarded: 'for=1.2.3.4',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-for': '198.51.100.1, 203.0.113.9',
        traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
        'x-amzn-trace-id': 'Root=1-5f',
        'sentry-trace': 'x',
        'next-action': 'x',
      },
    });
    expect(seen[0]).toMatchObject({
      host: 'golive.example',
      'x-forwarded-host': 'golive.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.9',
    });
    for (const name of ['forwarded', 'traceparent', 'x-amzn-trace-id', 'sentry-trace', 'next-action']) {
      expect(seen[0]).not.toHaveProperty(name);
    }
  });

  it('lets a page choose its status and set cookies', async () => {
    render = async (_request, response) => {
      const context = currentRequest();
      context.status = 503;
      context.headers.push(['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['Retry-After', '5']);
      await Promise.resolve();
      response.statusCode = 200;
      response.end('away');
    };
    const { status, headers } = await ask('/');
    expect([status, headers['retry-after'], headers['set-cookie']]).toEqual([503, '5', ['a=1', 'b=2']]);
  });

  it('keeps what it knows of one request from every other', async () => {
    render = async (_request, response) => {
      const { url, traceId } = currentRequest();
      await new Promise((resolve) => setImmediate(resolve));
      const later = currentRequest();
      response.end(JSON.stringify([url === later.url, traceId === later.traceId, later.url]));
    };
    const answers = await Promise.all(['/a', '/b?c=d', '/e'].map((path) => ask(path)));
    expect(answers.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      [true, true, '/a'],
      [true, true, '/b?c=d'],
      [true, true, '/e'],
    ]);
  });

  it('asks for connections to be closed once it is ending', async () => {
    expect((await ask('/', { headers: { connection: 'keep-alive' } })).headers.connection).toBe('keep-alive');
    stopping = true;
    expect((await ask('/', { headers: { connection: 'keep-alive' } })).headers.connection).toBe('close');
  });

  it('writes a line for each request, without the query, and none for probes and files', async () => {
    await ask('/sign-in?return=/secret');
    await ask('/health/ready');
    await ask('/_next/static/file.js');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      message: 'request',
      details: { method: 'GET', route: '/sign-in', path: '/sign-in', status: 200 },
    });
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});
