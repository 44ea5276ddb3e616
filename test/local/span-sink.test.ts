import { gzipSync } from 'node:zlib';
import { formatTrace, startSpanSink, type SpanSink } from '../../local/span-sink';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

interface Sent {
  readonly id: number;
  readonly parent?: number;
  readonly name: string;
  readonly service?: string;
  readonly traceId?: string;
  /** Milliseconds after the trace began. */
  readonly from?: number;
  readonly to?: number;
  readonly more?: object;
}

function requestOf(...spans: readonly Sent[]) {
  return {
    resourceSpans: spans.map(
      ({ id, parent, name, service = 'gateway', traceId = TRACE, from = 0, to = 1, more }) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId: idOf(id),
                ...(parent !== undefined && { parentSpanId: idOf(parent) }),
                name,
                kind: 2,
                startTimeUnixNano: `${1_767_225_600_000 + from}000000`,
                endTimeUnixNano: `${1_767_225_600_000 + to}500000`,
                ...more,
              },
            ],
          },
        ],
      }),
    ),
  };
}

function idOf(id: number): string {
  return id.toString(16).padStart(16, '0');
}

describe('the span sink', () => {
  let sink: SpanSink;

  beforeEach(async () => {
    sink = await startSpanSink();
  });

  afterEach(() => sink.close());

  const post = (
    body: NonNullable<RequestInit['body']>,
    headers: Record<string, string> = {},
    path = '/v1/traces',
  ) =>
    fetch(`${sink.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });

  test.each<[string, number, () => Promise<Response>]>([
    ['broken JSON', 400, () => post('{"resourceSpans":')],
    ['JSON that is no export request', 400, () => post('{"spans":[]}')],
    [
      'an id of the wrong length',
      400,
      () => post(JSON.stringify(requestOf({ id: 1, name: 'x', traceId: 'abc' }))),
    ],
    ['what says that it is compressed and is not', 400, () => post('{}', { 'content-encoding': 'gzip' })],
    ['metrics', 404, () => post('{}', {}, '/v1/metrics')],
    ['protobuf', 415, () => post('', { 'content-type': 'application/x-protobuf' })],
    ['more than a collector takes', 413, () => post(' '.repeat(9 * 1024 * 1024))],
    ['a question', 405, () => fetch(`${sink.url}/v1/traces`)],
  ])('%s is refused with %i and stops nothing', async (_, status, send) => {
    expect((await send()).status).toBe(status);
    expect(sink.spans()).toEqual([]);
    expect((await post(JSON.stringify(requestOf({ id: 1, name: 'after' })))).status).toBe(200);
    expect(sink.spans()).toHaveLength(1);
  });

  test('spans that do not come are waited for as long as said, and what came instead is named', async () => {
    await post(JSON.stringify(requestOf({ id: 1, name: 'GET /other' })));
    await expect(sink.waitFor(() => false, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'SpansNotReceivedError',
      message: expect.stringContaining('gateway: GET /other') as string,
    });
  });

  test('waiting ends when the spans come', async () => {
    const waiting = sink.waitFor((trace) => trace.length === 2);
    await post(JSON.stringify(requestOf({ id: 2, parent: 1, name: 'second', from: 5, to: 6 })));
    await post(gzipSync(JSON.stringify(requestOf({ id: 1, name: 'first' }))), { 'content-encoding': 'gzip' });
    expect((await waiting).map(({ name }) => name)).toEqual(['first', 'second']);
  });

  test('a span is read whole, in people’s units', async () => {
    const more = {
      attributes: [
        { key: 'text', value: { stringValue: 'a' } },
        { key: 'whole', value: { intValue: '7' } },
        { key: 'real', value: { doubleValue: 0.5 } },
        { key: 'flag', value: { boolValue: false } },
        { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }, { intValue: 1 }] } } },
      ],
      status: { code: 2, message: 'broken' },
      events: [{ name: 'exception', attributes: [{ key: 'exception.type', value: { stringValue: 'E' } }] }],
    };
    await post(JSON.stringify(requestOf({ id: 1, name: 'GET /', from: 3, to: 5, more })));
    expect(sink.trace(TRACE)).toEqual([
      {
        traceId: TRACE,
        spanId: idOf(1),
        parentSpanId: undefined,
        name: 'GET /',
        kind: 'server',
        service: 'gateway',
        startMs: 1_767_225_600_003,
        durationMs: 2.5,
        failed: true,
        attributes: { text: 'a', whole: 7, real: 0.5, flag: false, list: ['x', 1] },
        resource: { 'service.name': 'gateway' },
        events: [{ name: 'exception', attributes: { 'exception.type': 'E' } }],
      },
    ]);
  });

  test('a trace is printed as a tree, over services', async () => {
    await post(
      JSON.stringify(
        requestOf(
          { id: 5, parent: 3, name: 'redis-GET', from: 12, to: 13 },
          { id: 1, name: 'GET /status', service: 'frontend', from: 0, to: 40 },
          { id: 3, parent: 2, name: 'GET /api/v1/projects', from: 10, to: 30 },
          { id: 2, parent: 1, name: 'GET', service: 'frontend', from: 8, to: 32 },
          { id: 6, parent: 3, name: 'pg.query:SELECT', from: 14, to: 20, more: { status: { code: 2 } } },
        ),
      ),
    );
    expect(formatTrace(sink.trace(TRACE))).toBe(
      [
        `trace ${TRACE}, 5 spans of 2 services, 40.5 ms`,
        'frontend  GET /status                   +0.0 ms     40.5 ms',
        '└─ frontend  GET                        +8.0 ms     24.5 ms',
        '   └─ gateway  GET /api/v1/projects    +10.0 ms     20.5 ms',
        '      ├─ gateway  redis-GET            +12.0 ms      1.5 ms',
        '      └─ gateway  pg.query:SELECT      +14.0 ms      6.5 ms  failed',
        '',
      ].join('\n'),
    );
  });

  test('a span whose parent did not come stands at the margin, and nothing is nothing', async () => {
    await post(JSON.stringify(requestOf({ id: 3, parent: 2, name: 'lost' })));
    expect(formatTrace(sink.trace(TRACE))).toMatch(/1 span of 1 service, .*\ngateway {2}lost/);
    expect(formatTrace([])).toBe('no spans\n');
  });
});
