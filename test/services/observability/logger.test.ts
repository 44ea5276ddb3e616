import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createLogger, type LogLevel } from '@golive/observability';
import fastify from 'fastify';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r';
const URL_WITH_PASSWORD = 'postgres://golive:pg-s3cr3t@db.internal:5432/shop';

describe('the log', () => {
  let written: string[];
  const start = (level?: LogLevel) =>
    createLogger({
      service: 'gateway',
      environment: 'prod',
      version: '1.2.3',
      level,
      destination: { write: (line) => written.push(line) },
    });
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);

  beforeEach(() => {
    written = [];
  });

  test.each<[string, (log: ReturnType<typeof start>) => void]>([
    ['a message', (log) => log.info(`connecting to ${URL_WITH_PASSWORD}`)],
    ['what is put into a message', (log) => log.info('connecting to %s', URL_WITH_PASSWORD)],
    ['an object that is put into a message', (log) => log.info('with %o', { password: 'pg-s3cr3t' })],
    ['a field', (log) => log.info({ url: URL_WITH_PASSWORD }, 'connecting')],
    ['a field by its name', (log) => log.info({ dbPassword: 'pg-s3cr3t' }, 'connecting')],
    ['a number by its name', (log) => log.info({ passcode: 3141592 }, 'unlocked')],
    ['a field deep inside', (log) => log.info({ a: { b: [{ token: 'pg-s3cr3t' }] } }, 'connecting')],
    ['an error', (log) => log.error(new Error(`no answer from ${URL_WITH_PASSWORD}`))],
    ['an error in a field', (log) => log.error({ err: new Error(URL_WITH_PASSWORD) })],
    ['an error under any name', (log) => log.error({ reason: new Error(URL_WITH_PASSWORD) }, 'failed')],
    [
      'what hangs on an error',
      (log) => log.error({ err: Object.assign(new Error('x'), { config: URL_WITH_PASSWORD }) }, 'x'),
    ],
    [
      'the cause of an error',
      (log) => log.error(new Error('outer', { cause: new Error(URL_WITH_PASSWORD) })),
    ],
    ['the field of a child', (log) => log.child({ url: URL_WITH_PASSWORD }).info('connecting')],
    [
      'the field of a child of a child',
      (log) => log.child({}).child({ secret: 'pg-s3cr3t' }).info('connecting'),
    ],
    ['a token', (log) => log.warn(`refused ${JWT}`)],
    [
      'an e-mail address',
      (log) => log.warn({ who: 'jane.doe@example.com' }, 'jane.doe@example.com was refused'),
    ],
  ])('%s loses its secret and stays a line of JSON', (_, write) => {
    write(start());
    expect(lines()).toHaveLength(1);
    expect(written.join()).not.toMatch(/pg-s3cr3t|eyJzdWIi|jane\.doe|3141592/);
    expect(lines()[0]).toMatchObject({ level: expect.stringMatching(/^(INFO|WARN|ERROR)$/) as string });
  });

  test('a request is written without its headers, its query and whose it is', async () => {
    const app = fastify({ loggerInstance: start() });
    app.get('/users/:id', () => Promise.resolve('ok'));
    await app.inject({
      url: '/users/7?email=jane.doe@example.com',
      headers: { authorization: `Bearer ${JWT}`, cookie: 'session=pg-s3cr3t' },
      remoteAddress: '203.0.113.9',
    });
    await app.close();
    expect(written.join()).not.toMatch(/pg-s3cr3t|eyJ|jane|203\.0\.113\.9|cookie|authorization/);
    expect(lines()).toMatchObject([
      { message: 'incoming request', req: { method: 'GET', path: '/users/7', route: '/users/:id' } },
      { message: 'request completed', res: { statusCode: 200 } },
    ]);
  });

  test('a raw request or response that is logged whole is written no further', () => {
    const request = {
      method: 'GET',
      url: '/x?token=pg-s3cr3t',
      headers: { cookie: 'pg-s3cr3t' },
      socket: {},
    };
    start().info(request, 'odd');
    expect(lines()).toMatchObject([{ req: { method: 'GET', path: '/x' } }]);
    expect(written.join()).not.toContain('pg-s3cr3t');
  });

  test('each line says when, how bad, of whom and what', () => {
    const before = Date.now();
    start().warn({ attempt: 2, ok: false, nothing: null, at: new Date(0) }, 'trying again');
    const [line] = lines();
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      level: 'WARN',
      service: 'gateway',
      environment: 'prod',
      version: '1.2.3',
      message: 'trying again',
      attempt: 2,
      ok: false,
      nothing: null,
      at: '1970-01-01T00:00:00.000Z',
    });
    expect(Date.parse(String(line?.['time']))).toBeGreaterThanOrEqual(before);
  });

  test('an error is written with its type, code, stack and causes', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    start().error({ err: new TypeError('no answer', { cause }) }, 'the cache is away');
    expect(lines()[0]).toMatchObject({
      message: 'the cache is away',
      err: {
        type: 'TypeError',
        message: 'no answer',
        stack: expect.stringContaining('logger.test') as string,
        cause: { type: 'Error', code: 'ECONNREFUSED', message: 'refused' },
      },
    });
  });

  test('an error without a message of its own gives its', () => {
    start().error(new Error('no answer'));
    start().error({ err: new Error('no answer, again') });
    expect(lines().map(({ message }) => message)).toEqual(['no answer', 'no answer, again']);
  });

  test('an error that causes itself does not hang the log', () => {
    const error = new Error('round');
    error.cause = error;
    start().error(error);
    expect(lines()).toHaveLength(1);
  });

  test('what is less than the level is not written', () => {
    const log = start('WARN');
    log.info('not this');
    log.error('this');
    expect(lines().map(({ message }) => message)).toEqual(['this']);
  });

  test('a service whose output nobody reads any more goes on, and ends when it is to', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'log-to-nobody.ts')], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    // One that stands still hears no signal that it may answer.
    const patience = setTimeout(() => child.kill('SIGKILL'), 60_000);
    const ended = once(child, 'exit');
    await once(child, 'message');
    child.stdout?.destroy();
    child.send('go on');
    expect(await ended).toEqual([7, null]);
    clearTimeout(patience);
  });
});
