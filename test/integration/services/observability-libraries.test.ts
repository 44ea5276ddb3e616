import { readFile } from 'node:fs/promises';
import { startPostgres } from '../../../local/postgres';
import { startLocalRedis } from '../../../local/redis';
import { startSpanSink, type ReceivedSpan, type SpanSink } from '../../../local/span-sink';
import { Supervisor } from '../../../local/supervisor';
import { get } from '../../services/observability/in-process';
import { watchService, type ServiceJob, type WatchedService } from '../../services/observability/watch';

describe('a service with a real cache and a real database', () => {
  let supervisor: Supervisor;
  let libraries: Pick<ServiceJob, 'redis' | 'postgres'>;
  let sink: SpanSink;
  let service: WatchedService | undefined;

  beforeAll(async () => {
    supervisor = Supervisor.start();
    const [postgres, redis] = await Promise.all([startPostgres({ supervisor }), startLocalRedis(supervisor)]);
    await redis.setUser('app', 'on ~* +@all', ['pa55word']);
    libraries = {
      postgres: postgres.master,
      redis: {
        port: redis.port,
        ca: await readFile(redis.caFile, 'utf8'),
        username: 'app',
        password: 'pa55word',
      },
    };
  });

  beforeEach(async () => {
    sink = await startSpanSink();
  });

  afterEach(async () => {
    await service?.stop();
    service = undefined;
    await sink.close();
  });

  afterAll(() => supervisor.stop());

  /** `GET /read/:id > redis-SET`: every span with those that it is part of. */
  const paths = (trace: readonly ReceivedSpan[]) => {
    const pathOf = (span: ReceivedSpan): string => {
      const parent = trace.find(({ spanId }) => spanId === span.parentSpanId);
      return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
    };
    return trace.map(pathOf);
  };

  test('one request is one trace: route, cache, database and Prisma, and none says a key or a value', async () => {
    service = await watchService({ ...libraries, endpoint: sink.url });
    const { traceId } = await get(`${service.url}/read/7`);
    const failed = await get(`${service.url}/query`);
    const loaded = await get<string[]>(`${service.url}/loaded`);
    await service.stop();

    const prisma = 'GET /read/:id > prisma:client:operation > prisma:client:db_query';
    expect(paths(sink.trace(traceId)).filter((path) => !path.endsWith('connect'))).toEqual([
      'GET /read/:id',
      'GET /read/:id > redis-SET',
      'GET /read/:id > pg.query:SELECT golive',
      'GET /read/:id > prisma:client:operation',
      prisma,
      `${prisma} > pg.query:SELECT golive`,
    ]);
    expect(sink.trace(traceId).find(({ name }) => name === 'redis-SET')?.attributes).toMatchObject({
      'db.system.name': 'redis',
      'db.query.text': 'SET',
    });

    // PostgreSQL quotes the value that it refuses, and the statement holds it.
    const statement = sink.trace(failed.traceId).find(({ name }) => name.startsWith('pg.query'));
    expect(statement).toMatchObject({ failed: true });
    const all = JSON.stringify([sink.spans(), service.lines]);
    expect(all).not.toMatch(/jane\.doe|s3cr3t|pa55word/);
    expect(all).toContain('22P02');

    // The other half of the test that nothing is loaded when it is off.
    expect(loaded.some((file) => file.includes('@opentelemetry/sdk-trace'))).toBe(true);
    // A client that connects by itself begins no trace.
    expect(
      sink.spans().filter(({ parentSpanId, kind }) => parentSpanId === undefined && kind === 'client'),
    ).toEqual([]);
  });

  test('a request that is not recorded makes no spans in any library, and its errors have its id', async () => {
    service = await watchService({ ...libraries, endpoint: sink.url, sampleRatio: 0 });
    const { traceId } = await get(`${service.url}/read/7`);
    const failed = await get(`${service.url}/query`);
    await service.stop();

    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(sink.spans()).toEqual([]);
    expect(service.lines.find(({ message }) => message === 'a request failed')).toMatchObject({
      trace_id: failed.traceId,
      err: { code: '22P02' },
    });
  });
});
