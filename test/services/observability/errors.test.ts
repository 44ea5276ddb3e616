import { captureError, startObservability, TAGS, withSpan, type Observability } from '@golive/observability';
import { startSpanSink } from '../../../local/span-sink';
import { eventOf, startSentryStub, type SentryStub } from '../../lambdas/shared/sentry-stub';
import { get, startService, type Service } from './in-process';
import { watchService } from './watch';

describe('errors', () => {
  const before = { ...process.env };
  let sentry: SentryStub;
  let observability: Observability | undefined;
  let service: Service | undefined;
  let log: { info: jest.Mock; warn: jest.Mock; error: jest.Mock };

  beforeEach(async () => {
    sentry = await startSentryStub();
    log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  });

  afterEach(async () => {
    await stopped();
    process.env = before;
    jest.restoreAllMocks();
    await sentry.close();
  });

  const start = async (dsn: string | (() => Promise<string | undefined>) = sentry.dsn) => {
    observability = await startObservability({
      service: 'gateway',
      version: '1.2.3',
      environment: 'prod',
      otel: { enabled: false, endpoint: '', sampleRatio: 1 },
      sentry: { dsn, exitOnUncaught: false },
      log,
    });
  };
  const stopped = async (deadlineMs = 30_000) => {
    await Promise.all([observability?.shutdown(deadlineMs), service?.stop()]);
    observability = undefined;
    service = undefined;
    return sentry.envelopes.map(eventOf);
  };

  test('without Sentry an error is taken and goes nowhere', async () => {
    captureError(new Error('lost'), { component: 'database' });
    expect(await stopped()).toEqual([]);
  });

  test.each([
    ['was never set', '{}'],
    ['is empty', ' '],
    ['is no URL', 'generated-Pa55word!'],
    ['is a URL without a key', 'https://Pa55word.example/42'],
    ['is broken JSON', '{"dsn":"Pa55word!'],
  ])('a DSN that %s turns Sentry off: said once, with what to do and without the value', async (_, dsn) => {
    await start(dsn);
    captureError(new Error('first'), { component: 'database' });
    captureError(new Error('second'), { component: 'database' });
    expect(await stopped()).toEqual([]);
    expect(log.info.mock.calls).toEqual([
      [{}, 'Sentry is off: its DSN is not set. Set it with: golive secrets set sentry-dsn'],
    ]);
    expect(log.warn).not.toHaveBeenCalled();
  });

  test('a DSN that cannot be read breaks nothing, is warned of once, and is asked for again', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_767_225_600_000);
    const read = jest.fn<Promise<string>, []>().mockRejectedValue(new Error('AccessDeniedException'));
    await start(read);
    captureError(new Error('first'), { component: 'database' });
    captureError(new Error('second'), { component: 'database' });
    await flushed(() => log.warn.mock.calls.length > 0);
    expect(log.warn.mock.calls).toEqual([
      [
        { reason: 'Error: AccessDeniedException' },
        'an error could not be reported to Sentry; it is in this log',
      ],
    ]);
    expect(read).toHaveBeenCalledTimes(1);

    read.mockResolvedValue(sentry.dsn);
    now.mockReturnValue(1_767_225_600_000 + 31_000);
    captureError(new Error('third'), { component: 'database' });
    expect(await stopped()).toMatchObject([{ exception: { values: [{ value: 'third' }] } }]);
  });

  test('a DSN that is set while the service runs is used, without a restart; a replaced one is followed', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_767_225_600_000);
    const read = jest.fn<Promise<string | undefined>, []>().mockResolvedValue('{}');
    await start(read);
    captureError(new Error('before'), { component: 'database' });
    read.mockResolvedValue(JSON.stringify({ dsn: sentry.dsn }));
    now.mockReturnValue(1_767_225_600_000 + 301_000);
    captureError(new Error('after'), { component: 'database' });
    await flushed(() => sentry.envelopes.length > 0);

    const replacement = await startSentryStub();
    read.mockResolvedValue(replacement.dsn);
    now.mockReturnValue(1_767_225_600_000 + 602_000);
    captureError(new Error('later'), { component: 'database' });
    const events = await stopped();
    await replacement.close();
    expect(events).toMatchObject([{ exception: { values: [{ value: 'after' }] } }]);
    expect(replacement.envelopes.map(eventOf)).toMatchObject([
      { exception: { values: [{ value: 'later' }] } },
    ]);
  });

  test('a Sentry that never answers holds the end up no longer than it may', async () => {
    sentry.answer = 'never';
    await start();
    captureError(new Error('first'), { component: 'database' });
    const began = performance.now();
    await stopped(50);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('a Sentry that refuses is warned of once', async () => {
    sentry.answer = 403;
    await start();
    captureError(new Error('first'), { component: 'database' });
    captureError(new Error('second'), { component: 'database' });
    await stopped();
    expect(log.warn.mock.calls).toEqual([[{}, 'Sentry did not take an error; it is in this log']]);
  });

  test('a flood is cut off, and that is said', async () => {
    await start();
    for (let i = 0; i < 200; i++) captureError(new Error(`number ${i}`), { component: 'database' });
    const events = await stopped();
    expect(events.length).toBeGreaterThan(0);
    // Twice as many, if a minute ended meanwhile.
    expect(events.length).toBeLessThanOrEqual(120);
    expect(log.warn.mock.calls).toContainEqual([
      {},
      expect.stringMatching(/more than 60 errors in a minute/),
    ]);
  });

  test('the same error is reported once, however often it passes', async () => {
    await start();
    const error = new Error('once');
    captureError(error, { component: 'database' });
    captureError(error, { component: 'http' });
    expect(await stopped()).toHaveLength(1);
  });

  test('what is thrown and is no error is reported all the same', async () => {
    await start();
    captureError('just a text', { component: 'database' });
    captureError(undefined, { component: 'database' });
    expect(await stopped()).toHaveLength(2);
  });

  test('an error arrives with what is needed to find it: its causes, its code, its release', async () => {
    await start();
    const cause = Object.assign(new Error('28P01'), { code: '28P01' });
    const error = Object.assign(new TypeError('no connection', { cause }), {
      code: 'DatabaseAuthenticationError',
    });
    captureError(error, {
      component: 'database',
      tags: {
        'db.auth': '28P01',
        route: '/api/v1/projects/:id',
        rotation: 'unknown to the list',
        method: undefined,
      },
    });
    expect(await stopped()).toMatchObject([
      {
        level: 'error',
        environment: 'prod',
        release: '1.2.3',
        tags: {
          service: 'gateway',
          component: 'database',
          code: 'DatabaseAuthenticationError',
          'db.auth': '28P01',
          route: '/api/v1/projects/:id',
        },
        exception: {
          values: [
            { type: 'Error', value: '28P01' },
            {
              type: 'TypeError',
              value: 'no connection',
              mechanism: { type: 'generic', handled: true },
              stacktrace: {
                frames: expect.arrayContaining([
                  expect.objectContaining({ filename: expect.stringContaining('errors.test') as string }),
                ]) as unknown[],
              },
            },
          ],
        },
      },
    ]);
    expect(JSON.stringify(sentry.envelopes)).not.toContain('rotation');
    expect(TAGS).toContain('auth.failure');
  });

  test("an error carries the id of its trace and its user's id, whether the trace is recorded or not", async () => {
    const sink = await startSpanSink();
    for (const sampleRatio of [0, 1]) {
      service = await startService({
        otel: { endpoint: sink.url, sampleRatio },
        sentry: { dsn: sentry.dsn, exitOnUncaught: false },
      });
      const { traceId } = await get(`${service.publicUrl}/fail`, { headers: { 'x-user': 'user-7' } });
      await get(`${service.publicUrl}/fail`);
      const [ofUser, ofNobody] = await stopped();
      expect(ofUser).toMatchObject({
        user: { id: 'user-7' },
        tags: { route: '/fail' },
        contexts: {
          trace: { trace_id: traceId, span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string },
        },
      });
      expect(ofNobody).not.toHaveProperty('user');
      sentry.envelopes.length = 0;
    }
    await sink.close();
  });

  test('users of requests at the same time are not mixed up, with tracing off, too', async () => {
    service = await startService({
      otel: { enabled: false },
      sentry: { dsn: sentry.dsn, exitOnUncaught: false },
    });
    const { publicUrl } = service;
    await Promise.all(
      ['a', 'b', 'c'].map((user) => get(`${publicUrl}/fail`, { headers: { 'x-user': user } })),
    );
    const users = (await stopped()).map(({ user }) => user);
    expect(users).toHaveLength(3);
    expect(users).toEqual(expect.arrayContaining([{ id: 'a' }, { id: 'b' }, { id: 'c' }]));
  });

  test('there is one tracer: Sentry sends no trace, session or log, whatever its variables say', async () => {
    Object.assign(process.env, {
      SENTRY_TRACES_SAMPLE_RATE: '1',
      SENTRY_DSN: 'http://feedbeef@127.0.0.1:9/1',
      SENTRY_RELEASE: 'other',
      SENTRY_ENVIRONMENT: 'other',
    });
    const sink = await startSpanSink();
    service = await startService({
      otel: { endpoint: sink.url },
      sentry: { dsn: sentry.dsn, exitOnUncaught: false },
    });
    await get(`${service.publicUrl}/fail`);
    await withSpan('beside', {}, () => Promise.resolve());
    await stopped();
    await sink.close();
    expect(sentry.envelopes).toHaveLength(1);
    const wire = sentry.envelopes.join();
    expect(wire).not.toMatch(/"type":"(transaction|span|session|sessions|log|trace_metric|client_report)"/);
    expect(wire).not.toMatch(/sample_rate|sampled|"other"/);
    expect(
      sink
        .spans()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['GET /fail', 'beside', 'work']);
  });

  test('a debug id that a build put into a file leaves with the error', async () => {
    const id = '01234567-89ab-4cde-8f01-23456789abcd';
    const holder = globalThis as { _sentryDebugIds?: Record<string, string> };
    holder._sentryDebugIds = { [new Error('of this file').stack ?? '']: id };
    await start();
    captureError(new Error('first'), { component: 'database' });
    const [event] = await stopped();
    delete holder._sentryDebugIds;
    expect(event).toMatchObject({
      debug_meta: {
        images: [
          { type: 'sourcemap', code_file: expect.stringContaining('errors.test') as string, debug_id: id },
        ],
      },
    });
  });

  test('what nobody catches leaves as fatal, and then the process ends', async () => {
    const watched = await watchService({ dsn: sentry.dsn });
    // An error before: when the last one comes, the SDK has been loaded long since.
    await get(`${watched.url}/fail`);
    await flushed(() => sentry.envelopes.length > 0);
    expect(await watched.throwUncaught()).toBe(1);
    expect(sentry.envelopes.slice(1).map(eventOf)).toMatchObject([
      {
        level: 'fatal',
        tags: { component: 'process', service: 'observed' },
        exception: { values: [{ value: 'nobody catches this', mechanism: { handled: false } }] },
      },
    ]);
    expect(watched.lines.at(-1)).toMatchObject({ level: 'ERROR', origin: 'uncaughtException' });
  });

  /** Waits by turns of the event loop until something has happened. */
  async function flushed(happened: () => boolean): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!happened()) {
      if (performance.now() > deadline) throw new Error('it has not happened');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
