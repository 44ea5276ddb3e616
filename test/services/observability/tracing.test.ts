import { Server } from 'node:http';
import { currentTraceId, startObservability } from '@golive/observability';
import { startSpanSink, type ReceivedSpan, type SpanSink } from '../../../local/span-sink';
import { get, startPeer, startService, type Answer, type Service, type ServiceOptions } from './in-process';
import { watchService } from './watch';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const RECORDED = `00-${TRACE}-${SPAN}-01`;
const UNRECORDED = `00-${TRACE}-${SPAN}-00`;

describe('tracing', () => {
  let sink: SpanSink;
  let peer: Awaited<ReturnType<typeof startPeer>>;
  let service: Service | undefined;

  beforeEach(async () => {
    [sink, peer] = await Promise.all([startSpanSink(), startPeer()]);
  });

  afterEach(async () => {
    await service?.stop();
    service = undefined;
    await Promise.all([sink.close(), peer.close()]);
  });

  const start = async (options: ServiceOptions = {}) => {
    service = await startService({
      peer: peer.url,
      ...options,
      otel: { endpoint: sink.url, ...options.otel },
    });
    return service;
  };
  const stopped = async (deadlineMs?: number) => {
    await service?.stop(deadlineMs);
    service = undefined;
    return sink.spans();
  };
  const named = (spans: readonly ReceivedSpan[], name: string) => spans.find((span) => span.name === name)!;

  describe('who is believed', () => {
    test.each<[string, Record<string, string>]>([
      ['traceparent', { traceparent: RECORDED }],
      [
        "X-Ray's header",
        { 'x-amzn-trace-id': `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN};Sampled=1` },
      ],
      ["Sentry's header", { 'sentry-trace': `${TRACE}-${SPAN}-1` }],
      [
        'all at once, with rubbish around',
        {
          traceparent: RECORDED,
          tracestate: `golive=${'x'.repeat(500)}`,
          baggage: 'userId=1,tenant=%00%0d%0aSet-Cookie:a=b',
          'x-amzn-trace-id': `Self=1;Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN};Sampled=1;${';'.repeat(500)}`,
          'sentry-trace': `${TRACE}-${SPAN}-1`,
        },
      ],
    ])(
      'nobody from outside: %s begins no trace of theirs, and is gone before anybody reads it',
      async (_, headers) => {
        const { publicUrl } = await start();
        const { traceId, received } = await get(`${publicUrl}/call`, { headers });
        const seen = await get<object>(`${publicUrl}/headers`, { headers });

        expect(traceId).toMatch(/^[0-9a-f]{32}$/);
        expect(traceId).not.toBe(TRACE);
        expect(JSON.stringify(received)).not.toContain(TRACE.slice(8));
        expect(Object.keys(seen).filter((name) => name in headers)).toEqual([]);
        expect((await stopped()).filter((span) => span.traceId === TRACE)).toEqual([]);
      },
    );

    test('nobody from outside can have a trace recorded that is not to be', async () => {
      const { publicUrl } = await start({ otel: { sampleRatio: 0 } });
      await get(`${publicUrl}/read/1`, { headers: { traceparent: RECORDED } });
      expect(await stopped()).toEqual([]);
    });

    test('nobody at all, unless somebody says who', async () => {
      const { internalUrl } = await start({ trustsTraceOf: undefined });
      const { traceId } = await get(`${internalUrl}/read/1`, { headers: { traceparent: RECORDED } });
      expect(traceId).not.toBe(TRACE);
    });

    test('nobody whom it cannot be told of', async () => {
      const { internalUrl } = await start({
        trustsTraceOf: () => {
          throw new Error('the socket is gone');
        },
      });
      const { traceId } = await get(`${internalUrl}/read/1`, { headers: { traceparent: RECORDED } });
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(traceId).not.toBe(TRACE);
    });

    test('the frontend: its trace goes on here, recorded although few of our own are', async () => {
      const { internalUrl } = await start({ otel: { sampleRatio: 0 } });
      const { traceId } = await get(`${internalUrl}/read/1`, { headers: { traceparent: RECORDED } });
      expect(traceId).toBe(TRACE);
      expect(await stopped()).toMatchObject([{ traceId: TRACE, parentSpanId: SPAN, name: 'GET /read/:id' }]);
    });

    test("the frontend by X-Ray's header, too", async () => {
      const { internalUrl } = await start({ otel: { sampleRatio: 0 } });
      const header = `Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${SPAN};Sampled=1`;
      await get(`${internalUrl}/read/1`, { headers: { 'x-amzn-trace-id': header } });
      expect(await stopped()).toMatchObject([{ traceId: TRACE, parentSpanId: SPAN }]);
    });

    test('the frontend: what it does not record is not recorded here either', async () => {
      const { internalUrl } = await start({ otel: { sampleRatio: 1 } });
      const { traceId } = await get(`${internalUrl}/read/1`, { headers: { traceparent: UNRECORDED } });
      expect(traceId).toBe(TRACE);
      expect(await stopped()).toEqual([]);
    });

    test.each([
      '',
      'rubbish',
      `00-${'0'.repeat(32)}-${SPAN}-01`,
      `ff-${TRACE}-${SPAN}-01`,
      RECORDED.toUpperCase(),
    ])('a believed caller who sends traceparent "%s" gets a new trace', async (traceparent) => {
      const { internalUrl } = await start();
      const { traceId } = await get(`${internalUrl}/read/1`, { headers: { traceparent } });
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(traceId).not.toBe(TRACE);
    });
  });

  describe('a trace that is not recorded', () => {
    test('has its id in the answer, in every line of the log and at whoever is called', async () => {
      const { publicUrl, lines } = await start({ otel: { sampleRatio: 0 } });
      const { traceId, received } = await get(`${publicUrl}/call`);

      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(received['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
      expect(received['x-amzn-trace-id']).toMatch(
        new RegExp(`^Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=[0-9a-f]{16};Sampled=0$`),
      );
      const ofRequest = lines.filter((line) => 'reqId' in line);
      expect(ofRequest.map(({ message }) => message)).toEqual(['incoming request', 'request completed']);
      expect(ofRequest.map((line) => line['trace_id'])).toEqual([traceId, traceId]);
      expect(await stopped()).toEqual([]);
    });

    test('keeps its id while a body is read, and in spans of its own', async () => {
      const { publicUrl } = await start({ otel: { sampleRatio: 0 } });
      const answers = await Promise.all(
        ['a', 'b'].map((letter) =>
          get(`${publicUrl}/body`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(letter.repeat(200_000)),
          }),
        ),
      );
      const ids = answers.map(({ traceId }) => traceId);
      expect(ids).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
      expect(new Set(ids).size).toBe(2);
      expect(await stopped()).toEqual([]);
    });

    test('is as rare as it is to be', async () => {
      const { publicUrl } = await start({ otel: { sampleRatio: 0.3 } });
      for (let i = 0; i < 200; i++) await get(`${publicUrl}/read/${i}`);
      const recorded = (await stopped()).length;
      // Six standard deviations of a binomial of 200 at 0.3.
      expect(recorded).toBeGreaterThan(21);
      expect(recorded).toBeLessThan(99);
    });
  });

  test('of a burst, so many traces are recorded as a second may have', async () => {
    const started = performance.now();
    const { publicUrl } = await start({ otel: { sampleRatio: 1, tracesPerSecond: 2 } });
    for (let i = 0; i < 50; i++) await get(`${publicUrl}/read/${i}`);
    const most = 2 + 2 * ((performance.now() - started) / 1000);
    const recorded = (await stopped()).length;
    expect(recorded).toBeGreaterThanOrEqual(2);
    expect(recorded).toBeLessThanOrEqual(Math.min(49, most));
  });

  describe('a trace that is recorded', () => {
    test('names its request by the route and says nothing of who asked', async () => {
      const { publicUrl } = await start();
      await get(`${publicUrl}/read/7?email=jane.doe@example.com`, { headers: { 'user-agent': 'Jane/1.0' } });
      const [span] = await stopped();
      expect(span).toMatchObject({
        name: 'GET /read/:id',
        kind: 'server',
        parentSpanId: undefined,
        failed: false,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/read/:id',
          'http.response.status_code': 200,
          'url.path': '/read/7',
        },
        resource: {
          'service.name': 'observed',
          'service.version': '1.2.3',
          'deployment.environment.name': 'test',
        },
      });
      expect(JSON.stringify(span)).not.toMatch(/jane|127\.0\.0\.1/i);
    });

    test('holds what was called, and goes on there', async () => {
      const { publicUrl } = await start();
      const { traceId, received } = await get(`${publicUrl}/call`);
      const spans = await stopped();
      const [server, client] = [named(spans, 'GET /call'), named(spans, 'GET')];
      expect(client).toMatchObject({ traceId, parentSpanId: server.spanId, kind: 'client' });
      expect(received['traceparent']).toBe(`00-${traceId}-${client.spanId}-01`);
    });

    test('is kept while a body is read; helpers make spans and annotate them', async () => {
      const { publicUrl } = await start();
      await get(`${publicUrl}/body`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify('a'.repeat(200_000)),
      });
      const spans = await stopped();
      const [request, digest] = [named(spans, 'POST /body'), named(spans, 'digest')];
      expect(digest).toMatchObject({
        traceId: request.traceId,
        parentSpanId: request.spanId,
        kind: 'internal',
        attributes: { 'body.kind': 'json', 'body.bytes': 200_002 },
      });
    });

    test('says what broke it, once in each span and without the secret in it', async () => {
      const { publicUrl, lines } = await start();
      const { traceId } = await get(`${publicUrl}/fail`);
      const spans = await stopped();
      expect(named(spans, 'work')).toMatchObject({ failed: true, attributes: { 'error.type': 'TypeError' } });
      expect(named(spans, 'GET /fail')).toMatchObject({
        failed: true,
        attributes: { 'error.type': 'TypeError', 'http.response.status_code': 500 },
        events: [{ name: 'exception', attributes: { 'exception.message': 'it broke: password=[redacted]' } }],
      });
      expect(JSON.stringify(spans)).not.toContain('s3cr3t');
      expect(JSON.stringify(lines)).not.toContain('s3cr3t');
      expect(lines.find(({ message }) => message === 'a request failed')).toMatchObject({
        trace_id: traceId,
      });
    });

    test('has an id that X-Ray takes: it begins with the second in which it began', async () => {
      const { publicUrl } = await start();
      const before = Math.floor(Date.now() / 1000);
      const { traceId } = await get(`${publicUrl}/read/1`);
      const second = Number.parseInt(traceId.slice(0, 8), 16);
      expect(second).toBeGreaterThanOrEqual(before);
      expect(second).toBeLessThanOrEqual(Date.now() / 1000);
    });

    test('a client that goes away half-way ends its span', async () => {
      const { publicUrl } = await start();
      await expect(fetch(`${publicUrl}/hang`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
      const [span] = await sink.waitFor((trace) => trace.some(({ name }) => name === 'GET /hang'));
      expect(span?.attributes).toMatchObject({ 'golive.aborted': true });
    });
  });

  test('health checks make no spans, whatever they do, and have no id', async () => {
    const { internalUrl } = await start();
    const { traceId } = await get<Answer>(`${internalUrl}/health/ready?deep=1`, {
      headers: { traceparent: RECORDED },
    });
    expect(traceId).toBeNull();
    expect(await stopped()).toEqual([]);
  });

  test('a collector that is away breaks no request, and stopping ends in time and says what was lost', async () => {
    const { publicUrl, lines } = await start({ otel: { endpoint: 'http://127.0.0.1:9' } });
    expect((await get(`${publicUrl}/read/1`)).traceId).toMatch(/^[0-9a-f]{32}$/);
    await stopped(200);
    expect(lines.filter(({ level }) => level === 'WARN')).toMatchObject([
      {
        message: 'the last traces have not left: the collector did not take them',
        endpoint: 'http://127.0.0.1:9',
      },
    ]);
  });

  test('a collector that refuses is complained of, but not with every batch', async () => {
    const { publicUrl, lines } = await start({ otel: { endpoint: `${sink.url}/elsewhere` } });
    const isComplaint = ({ message }: Record<string, unknown>) =>
      message === 'traces are not leaving as they should';
    while (!lines.some(isComplaint)) await get(`${publicUrl}/read/1`);
    await get(`${publicUrl}/read/2`);
    await stopped();
    expect(lines.filter(isComplaint)).toMatchObject([{ level: 'WARN' }]);
  });

  test('starting twice is refused, with what to do', async () => {
    await start();
    await expect(
      startObservability({
        service: 's',
        version: '1',
        environment: 'e',
        otel: { enabled: false, endpoint: '', sampleRatio: 1 },
      }),
    ).rejects.toMatchObject({
      code: 'ObservabilityStartedError',
      message: expect.stringContaining('start it once') as string,
    });
  });

  test('what was stopped leaves nothing behind: servers are as they were, and it can be started again', async () => {
    const before = Object.getOwnPropertyDescriptor(Server.prototype, 'emit');
    await start();
    await stopped();
    expect(Object.getOwnPropertyDescriptor(Server.prototype, 'emit')).toEqual(before);
    expect(currentTraceId()).toBeUndefined();
    const { publicUrl } = await start();
    expect((await get(`${publicUrl}/read/1`)).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('off, nothing of OpenTelemetry and nothing of Sentry is so much as loaded', async () => {
    const watched = await watchService({});
    const loaded = await get<string[]>(`${watched.url}/loaded`);
    await watched.stop();
    expect(loaded.length).toBeGreaterThan(50);
    expect(
      loaded.filter((file) => /@opentelemetry|@sentry|@prisma\/instrumentation|-in-the-middle/.test(file)),
    ).toEqual([]);
  });
});
