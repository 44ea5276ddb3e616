import { SecretUnavailableError } from '../../../core/secrets/client';
import { createLogger } from '../../../services/observability/src';
import { Cache } from '../../../services/gateway/src/cache/cache';
import { gatewayApi } from '../../../services/gateway/src/gateway-api';
import type { App } from '../../../services/gateway/src/http/app-types';
import { refuseImpossible } from '../../../services/gateway/src/projects/deployment-states';
import { DeploymentState } from '../../../services/gateway/src/projects/shapes';
import { MemoryCache, prismaDouble } from './support/doubles';

const userId = '0199aaaa-0000-7000-8000-000000000001';
const sessionId = '0199aaaa-0000-4000-8000-000000000002';
const projectId = '0199aaaa-0000-7000-8000-000000000003';
const headers = { authorization: 'Bearer a.b.c' };
const row = {
  id: projectId,
  name: 'Shop',
  slug: 'shop',
  repository: 'https://x.example',
  revision: 4,
  createdAt: new Date('2026-01-01T00:00:00Z'),
  updatedAt: new Date('2026-01-02T00:00:00Z'),
};
const session = { id: sessionId, userId, expiresAt: new Date(Date.now() + 60_000), revokedAt: null };

let apps: App[] = [];
let logged: string[];
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
});

async function open(
  database: Parameters<typeof prismaDouble>[0],
  {
    isStopping = false,
    memory = new MemoryCache(),
    verify = () => Promise.resolve({ claims: { sub: userId, jti: sessionId }, kid: 'k' }),
  } = {},
) {
  logged = [];
  const ignore = (): void => undefined;
  const app = await gatewayApi({
    environment: 'test',
    version: '1',
    perMinute: { address: 1_000, user: 1_000 },
    tokenSeconds: 60,
    database: prismaDouble({ session: { findUnique: () => Promise.resolve(session) }, ...database }),
    cache: new Cache(memory.commands),
    tokens: {
      sign: () => Promise.reject(new Error('no')),
      verify,
      jwks: () => Promise.resolve({ keys: [] }),
    },
    metrics: { request: ignore, requestBegins: ignore, limited: ignore, cacheRead: ignore },
    logger: createLogger({
      service: 'gateway',
      environment: 'test',
      version: '1',
      destination: { write: (line) => void logged.push(line) },
    }),
    isStopping: () => isStopping,
  });
  apps.push(app);
  return { app, memory };
}

test('what nobody foresaw is told as that alone, and is logged with its trace', async () => {
  const failure = new TypeError('cannot read SELECT * FROM golive.users');
  const { app } = await open({ project: { findMany: () => Promise.reject(failure) } });
  const answer = await app.inject({ url: '/api/v1/projects', headers });
  expect(answer.statusCode).toBe(500);
  const body = answer.json<{ detail: string; traceId: string }>();
  expect(body.detail).toBe('It is not your fault; tell us the trace id if it happens again.');
  expect(answer.body).not.toMatch(/TypeError|SELECT|\.ts/);
  expect(logged.some((line) => line.includes('"level":"ERROR"') && line.includes('TypeError'))).toBe(true);
  expect(logged.some((line) => line.includes(body.traceId))).toBe(true);
});

test('an answer that is not as described is not sent', async () => {
  const { app } = await open({ project: { findMany: () => Promise.resolve([{ ...row, id: 'x' }]) } });
  const answer = await app.inject({ url: '/api/v1/projects', headers });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([500, 'application/problem+json']);
});

test('a token that cannot be verified for want of the keys is no reason to sign out', async () => {
  const away = new SecretUnavailableError('the ring could not be read; wait', { retryable: true });
  const { app } = await open({}, { verify: () => Promise.reject(away) });
  const answer = await app.inject({ url: '/api/v1/me', headers });
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
});

test('a session that was revoked, or is over, or is another’s, is none', async () => {
  for (const one of [
    { ...session, revokedAt: new Date() },
    { ...session, expiresAt: new Date(0) },
    { ...session, userId: projectId },
    null,
  ]) {
    const { app } = await open({ session: { findUnique: () => Promise.resolve(one) } });
    expect((await app.inject({ url: '/api/v1/projects', headers })).statusCode).toBe(401);
  }
});

test('a project that is cached costs the database nothing', async () => {
  const findUnique = jest.fn(() => Promise.resolve(row));
  const { app } = await open({ project: { findUnique } });
  const url = `/api/v1/projects/${projectId}`;
  const [first, second] = [await app.inject({ url, headers }), await app.inject({ url, headers })];
  expect(second.body).toBe(first.body);
  expect(second.headers).toMatchObject({ etag: '"4"', 'cache-control': 'private, no-cache' });
  expect(findUnique).toHaveBeenCalledTimes(1);
});

test('while it ends it answers as before, says that it is not ready, and keeps no connection', async () => {
  const { app } = await open({ $queryRaw: () => Promise.resolve([]) }, { isStopping: true });
  const ready = await app.inject('/health/ready');
  expect([ready.statusCode, ready.json()]).toEqual([
    503,
    { status: 'not-ready', database: 'ok', cache: 'ok', shuttingDown: true },
  ]);
  const live = await app.inject('/health/live');
  expect([live.statusCode, live.headers['connection']]).toEqual([200, 'close']);
});

test('a database that does not say whether it is there is not', async () => {
  const { app } = await open({ $queryRaw: () => Promise.reject(new Error('no')) });
  expect((await app.inject('/health/ready')).json()).toMatchObject({ status: 'not-ready', database: 'away' });
});

test('every answer carries what browsers are to keep to', async () => {
  const { app } = await open({});
  for (const url of ['/health/live', '/nowhere', '/api/v1/me']) {
    expect((await app.inject(url)).headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringContaining('max-age=63072000') as string,
    });
  }
});

test('a deployment goes only where its state leads', () => {
  const steps = DeploymentState.options.flatMap((from) =>
    DeploymentState.options.flatMap((to) => {
      try {
        refuseImpossible(from, to);
        return [`${from} → ${to}`];
      } catch {
        return [];
      }
    }),
  );
  expect(steps).toEqual([
    'queued → building',
    'queued → failed',
    'building → live',
    'building → failed',
    'live → rolled_back',
  ]);
});
