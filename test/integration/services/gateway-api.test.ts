import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  ADA,
  addUser,
  startMigratedWorld,
  openGateway,
  type Answer,
  type Gateway,
  type GatewayWorld,
} from './gateway-world';

let world: GatewayWorld;
let gateway: Gateway;
let token: string;

beforeAll(async () => {
  world = await startMigratedWorld();
  gateway = await openGateway(world);
  token = await gateway.signIn();
});
afterAll(async () => {
  await gateway?.stop();
  await world?.stop();
});

const ask: Gateway['ask'] = (method, path, options) => gateway.ask(method, path, { token, ...options });
const repository = 'https://github.com/example/shop';
const makeProject = async (name = `Shop ${randomUUID()}`) => {
  const { status, body } = await ask('POST', '/api/v1/projects', { body: { name, repository } });
  expect(status).toBe(201);
  return body as { id: string; name: string; slug: string };
};
const makeDeployment = async (projectId: string) => {
  const body = { version: '1.4.0', commit: 'abcdef0123', environment: 'prod' };
  return await ask('POST', `/api/v1/projects/${projectId}/deployments`, { body });
};
function expectProblem(answer: Answer, status: number, kind: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.body).toMatchObject({
    type: `tag:golive.example,2026:problem/${kind}`,
    status,
    title: expect.any(String) as string,
    detail: expect.any(String) as string,
    instance: expect.stringMatching(/^\//) as string,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
  });
}

describe('signing in and out', () => {
  test('a wrong password and an unknown address are answered alike', async () => {
    const attempts = [
      { email: ADA.email, password: 'not hers' },
      { email: 'nobody@example.com', password: ADA.password },
    ].map((body) => ask('POST', '/api/v1/sessions', { body }));
    const [wrong, unknown] = await Promise.all(attempts);
    expectProblem(wrong!, 401, 'wrong-credentials');
    expectProblem(unknown!, 401, 'wrong-credentials');
    expect({ ...wrong!.body, traceId: '' }).toEqual({ ...unknown!.body, traceId: '' });
  });

  test('the right one gives a token, its end and the user; capitals in the address do not matter', async () => {
    const { status, body } = await ask('POST', '/api/v1/sessions', {
      body: { email: 'ADA@Example.com', password: ADA.password },
    });
    expect(status).toBe(201);
    expect(body['user']).toEqual({ id: expect.any(String) as string, email: ADA.email, name: ADA.name });
    const ends = Date.parse(body['expiresAt'] as string) - Date.now();
    expect(ends).toBeGreaterThan(3_500_000);
    expect(ends).toBeLessThanOrEqual(3_600_000);
    const me = await ask('GET', '/api/v1/me', { token: body['token'] as string });
    expect(me.body).toEqual(body['user']);
  });

  test('after signing out the token works for no task any more, and others do', async () => {
    const other = await openGateway(world);
    try {
      const mine = await gateway.signIn();
      // Both have the session in their cache.
      expect((await ask('GET', '/api/v1/me', { token: mine })).status).toBe(200);
      expect((await other.ask('GET', '/api/v1/me', { token: mine })).status).toBe(200);
      expect((await ask('DELETE', '/api/v1/sessions/current', { token: mine })).status).toBe(204);
      expectProblem(await ask('GET', '/api/v1/me', { token: mine }), 401, 'not-signed-in');
      expectProblem(await other.ask('GET', '/api/v1/me', { token: mine }), 401, 'not-signed-in');
      expect((await other.ask('GET', '/api/v1/me', { token })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  test('without a token nothing but the open routes answers', async () => {
    const answer = await gateway.ask('GET', '/api/v1/projects');
    expectProblem(answer, 401, 'not-signed-in');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="golive"');
  });
});

describe('projects', () => {
  test('what was made is there, and what nobody made is not', async () => {
    const { status, headers, body } = await ask('POST', '/api/v1/projects', {
      body: { name: 'Größe & Co', repository },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'Größe & Co', slug: 'grosse-co', repository });
    expect(headers['location']).toBe(`/api/v1/projects/${body['id'] as string}`);
    expect((await ask('GET', headers['location']!)).body).toEqual(body);
    expectProblem(await ask('GET', `/api/v1/projects/${randomUUID()}`), 404, 'not-found');
    expectProblem(await ask('GET', '/api/v1/projects/not-an-id'), 400, 'invalid-request');
  });

  test('two with one slug are refused, and so is a name that gives none', async () => {
    const { slug } = await makeProject();
    const again = await ask('POST', '/api/v1/projects', { body: { name: 'Other', slug, repository } });
    expectProblem(again, 409, 'conflict');
    expectProblem(
      await ask('POST', '/api/v1/projects', { body: { name: '日本', repository } }),
      400,
      'invalid-request',
    );
  });

  test('what is wrong with a request is said by where it stands', async () => {
    const answer = await ask('POST', '/api/v1/projects', {
      body: { name: '', repository: 'ftp://example.com', owner: 'me' },
    });
    expectProblem(answer, 400, 'invalid-request');
    expect((answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/body/name', '/body/repository', '/body']),
    );
  });

  test('a list comes page by page, newest first, each project once', async () => {
    const made = [];
    for (let count = 0; count < 5; count += 1) made.push((await makeProject()).id);
    const seen: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const query = new URLSearchParams({ limit: '2', ...(next !== '' && { cursor: next }) });
      const { body } = await ask('GET', `/api/v1/projects?${query.toString()}`);
      const { items, next: following } = body as { items: { id: string }[]; next: string | null };
      expect(items.length).toBeLessThanOrEqual(2);
      seen.push(...items.map(({ id }) => id));
      next = following;
    }
    expect(seen.slice(0, 5)).toEqual(made.reverse());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test.each(['limit=0', 'limit=101', 'limit=many', 'cursor=made-up', 'cursor='])(
    'a list with %s is refused',
    async (query) => {
      expectProblem(await ask('GET', `/api/v1/projects?${query}`), 400, 'invalid-request');
    },
  );

  test('a change is seen at once, though the read is cached', async () => {
    const { id } = await makeProject();
    const path = `/api/v1/projects/${id}`;
    await ask('GET', path);
    await ask('GET', path);
    const changed = await ask('PATCH', path, { body: { name: 'Renamed' } });
    expect(changed.body).toMatchObject({ id, name: 'Renamed', repository });
    expect((await ask('GET', path)).body).toEqual(changed.body);
    expect((await ask('DELETE', path)).status).toBe(204);
    expectProblem(await ask('GET', path), 404, 'not-found');
    expectProblem(await ask('DELETE', path), 404, 'not-found');
    expectProblem(await ask('PATCH', path, { body: { name: 'Gone' } }), 404, 'not-found');
  });

  test('of two who change the same one the later is told, and nothing is lost', async () => {
    const { id } = await makeProject();
    const path = `/api/v1/projects/${id}`;
    const etag = (await ask('GET', path)).headers['etag']!;
    const both = await Promise.all(
      ['First', 'Second'].map((name) =>
        ask('PATCH', path, { body: { name }, headers: { 'if-match': etag } }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const won = both.find(({ status }) => status === 200)!;
    const now = await ask('GET', path);
    expect(now.body['name']).toBe(won.body['name']);
    expectProblem(await ask('DELETE', path, { headers: { 'if-match': etag } }), 412, 'precondition-failed');
    const unchanged = await ask('GET', path, { headers: { 'if-none-match': now.headers['etag']! } });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
  });
});

describe('deployments', () => {
  test('go from queued to live and back, and no other way', async () => {
    const { id: projectId } = await makeProject();
    const made = await makeDeployment(projectId);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ projectId, state: 'queued', finishedAt: null });
    const path = made.headers['location']!;
    const move = (state: string, headers = {}) => ask('PATCH', path, { body: { state }, headers });
    expectProblem(await move('live'), 409, 'conflict');
    expectProblem(await move('elsewhere'), 400, 'invalid-request');
    expectProblem(await move('building', { 'if-match': '"7"' }), 412, 'precondition-failed');
    expect((await move('building')).body).toMatchObject({ state: 'building', finishedAt: null });
    const live = await move('live');
    expect(Date.parse(live.body['finishedAt'] as string)).toBeGreaterThan(Date.now() - 60_000);
    const back = await move('rolled_back');
    expect(back.body['finishedAt']).toBe(live.body['finishedAt']);
    expectProblem(await move('building'), 409, 'conflict');
    expect((await ask('GET', path)).body).toEqual(back.body);
  });

  test('two who move one at once: one does', async () => {
    const made = await makeDeployment((await makeProject()).id);
    const answers = await Promise.all(
      ['building', 'failed'].map((state) => ask('PATCH', made.headers['location']!, { body: { state } })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    // The other came too late (412), or saw what the first had made of it (409), or was the second of two steps.
    expect(statuses[0]).toBe(200);
    const now = await ask('GET', made.headers['location']!);
    expect(answers.filter(({ status }) => status === 200).map(({ body }) => body['state'])).toContain(
      now.body['state'],
    );
  });

  test('of an unknown project are neither listed nor made', async () => {
    const unknown = randomUUID();
    expectProblem(await ask('GET', `/api/v1/projects/${unknown}/deployments`), 404, 'not-found');
    expectProblem(await makeDeployment(unknown), 404, 'not-found');
    expectProblem(await ask('GET', `/api/v1/deployments/${unknown}`), 404, 'not-found');
  });

  test('are listed by project, and go with it', async () => {
    const { id } = await makeProject();
    const [first, second] = [await makeDeployment(id), await makeDeployment(id)];
    await makeDeployment((await makeProject()).id);
    const list = await ask('GET', `/api/v1/projects/${id}/deployments?limit=1`);
    expect(list.body).toMatchObject({ items: [second.body], next: expect.any(String) as string });
    const rest = await ask('GET', `/api/v1/projects/${id}/deployments?cursor=${list.body['next'] as string}`);
    expect(rest.body).toEqual({ items: [first.body], next: null });
    const empty = await ask('GET', `/api/v1/projects/${(await makeProject()).id}/deployments`);
    expect(empty.body).toEqual({ items: [], next: null });
    await ask('DELETE', `/api/v1/projects/${id}`);
    expectProblem(await ask('GET', first.headers['location']!), 404, 'not-found');
  });
});

test('the status says what there is, by state and newest first', async () => {
  const project = await makeProject();
  const made = await makeDeployment(project.id);
  // Counted anew: a copy may be two seconds old.
  const fresh = await openGateway(world);
  try {
    const { status, body } = await fresh.ask('GET', '/api/v1/status', { token });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      environment: 'test',
      version: '1.2.3',
      database: { ok: true, latencyMs: expect.any(Number) as number },
      cache: { ok: true, latencyMs: expect.any(Number) as number },
    });
    const { byState } = body['deployments'] as { byState: Record<string, number> };
    expect(Object.keys(byState)).toEqual(['queued', 'building', 'live', 'failed', 'rolled_back']);
    expect(byState['queued']).toBeGreaterThan(0);
    const latest = body['latest'] as object[];
    expect(latest[0]).toEqual({ ...made.body, projectName: project.name });
    expect(latest.length).toBeLessThanOrEqual(10);
  } finally {
    await fresh.stop();
  }
});

test('it is alive and ready, and says of what', async () => {
  expect((await gateway.ask('GET', '/health/live')).body).toEqual({ status: 'ok' });
  const ready = await gateway.ask('GET', '/health/ready');
  expect([ready.status, ready.body]).toEqual([
    200,
    { status: 'ok', database: 'ok', cache: 'ok', shuttingDown: false },
  ]);
});

test('the keys that verify tokens are public, and may be kept for a minute', async () => {
  const { headers, body, text } = await gateway.ask('GET', '/.well-known/jwks.json');
  expect(headers['cache-control']).toBe('public, max-age=60');
  const [header] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header!, 'base64url').toString()) as { kid: string };
  expect((body['keys'] as { kid: string }[]).map((key) => key.kid)).toContain(kid);
  // A private key of this kind has a "d".
  expect(text).not.toContain('"d"');
});

describe('the limits', () => {
  const limited = (perMinute: { address: number; user: number }) =>
    openGateway(world, { api: { perMinute } });

  test('say how much is left, and refuse what is too much, by address', async () => {
    const small = await limited({ address: 3, user: 100 });
    try {
      const from = '198.51.100.7';
      const first = await small.ask('GET', '/api/v1/me', { token, from });
      expect(first.headers['ratelimit-policy']).toBe('"address";q=3;w=60, "user";q=100;w=60');
      expect(first.headers['ratelimit']).toMatch(/^"address";r=2;t=\d+, "user";r=\d+;t=\d+$/);
      await small.ask('GET', '/api/v1/me', { token, from });
      await small.ask('GET', '/nowhere', { from });
      const refused = await small.ask('GET', '/api/v1/me', { token, from });
      expectProblem(refused, 429, 'rate-limited');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(refused.headers['ratelimit']).toMatch(/^"address";r=0;t=/);
      // Nobody else is meant, and who asks for the health is not counted.
      expect((await small.ask('GET', '/api/v1/me', { token, from: '198.51.100.8' })).status).toBe(200);
      expect((await small.ask('GET', '/health/live', { from })).status).toBe(200);
      expect(await small.metrics.registry.metrics()).toContain(
        'gateway_rate_limited_total{policy="address"} 1',
      );
    } finally {
      await small.stop();
    }
  });

  test('hold over all tasks, and by user wherever he comes from', async () => {
    const eve = { email: 'eve@example.com', name: 'Eve', password: 'a long enough one' };
    await addUser(world, eve);
    const hers = await gateway.signIn(eve);
    const [one, other] = [await limited({ address: 100, user: 2 }), await limited({ address: 100, user: 2 })];
    try {
      const answers = [];
      for (const [task, from] of [
        [one, '203.0.113.1'],
        [other, '203.0.113.2'],
        [one, '203.0.113.3'],
      ] as const) {
        answers.push((await task.ask('GET', '/api/v1/me', { token: hers, from })).status);
      }
      expect(answers).toEqual([200, 200, 429]);
    } finally {
      await one.stop();
      await other.stop();
    }
  });

  test('let nobody guess passwords for long, and forget what was typed wrongly before the right one', async () => {
    const limits = {
      account: { name: 'test-sign-in', points: 2, seconds: 900 },
      address: { name: 'test-sign-in-address', points: 100, seconds: 900 },
      everywhere: { name: 'test-sign-in-account', points: 100, seconds: 900 },
    };
    const small = await openGateway(world, { api: { signIn: { cost: { logN: 4, r: 8, p: 1 }, limits } } });
    try {
      const attempt = (password: string, from: string) =>
        small.ask('POST', '/api/v1/sessions', { body: { email: ADA.email, password }, from });
      const from = '198.51.100.20';
      expect((await attempt('guess one', from)).status).toBe(401);
      expect((await attempt(ADA.password, from)).status).toBe(201);
      expect((await attempt('guess two', from)).status).toBe(401);
      expect((await attempt('guess three', from)).status).toBe(401);
      const refused = await attempt(ADA.password, from);
      expectProblem(refused, 429, 'rate-limited');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(800);
      // Ada herself, elsewhere.
      expect((await attempt(ADA.password, '198.51.100.21')).status).toBe(201);
    } finally {
      await small.stop();
    }
  });
});

describe('the description', () => {
  const describeIt = async () => (await gateway.ask('GET', '/api/openapi.json')).body;

  test('is OpenAPI 3.1 and valid', async () => {
    const document = await describeIt();
    expect(document['openapi']).toBe('3.1.0');
    const validator = join(__dirname, '../../support/validate-openapi.mjs');
    const { stdout } = spawnSync(process.execPath, [validator], { input: JSON.stringify(document) });
    expect(JSON.parse(String(stdout))).toEqual({ valid: true, version: '3.1' });
  });

  test('names every route, with all that it may end with', async () => {
    const { paths } = (await describeIt()) as unknown as { paths: Record<string, Record<string, Operation>> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        at: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    );
    expect(described.map(({ at }) => at).sort()).toEqual(routesOf(gateway));
    for (const { at, operation } of described) {
      const statuses = Object.keys(operation.responses);
      expect([at, operation.operationId, operation.summary]).not.toContain(undefined);
      expect([at, statuses.some((status) => status.startsWith('2'))]).toEqual([at, true]);
      const wanted = [
        '500',
        ...(at.includes('/api/v1/') ? ['429', '503'] : []),
        ...(operation.security ? ['401', '429', '503'] : []),
        ...(operation.requestBody ? ['400', '413', '415'] : []),
        ...(at.includes('{id}') ? ['400', '404'] : []),
      ];
      expect([at, wanted.filter((status) => !statuses.includes(status))]).toEqual([at, []]);
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (Number(status) < 400 || at.endsWith('/health/ready')) continue;
        expect([at, status, content?.['application/problem+json']?.schema]).toEqual([
          at,
          status,
          { $ref: '#/components/schemas/Problem' },
        ]);
      }
    }
  });

  test('is shown by a page that loads nothing from elsewhere', async () => {
    const page = await gateway.ask('GET', '/api/docs/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    const policy = page.headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(page.text).not.toMatch(/(src|href)="https?:/);
    const initializer = await gateway.ask('GET', '/api/docs/static/swagger-initializer.js');
    expect(initializer.text).toContain('/api/openapi.json');
    expect((await gateway.ask('GET', '/api/docs/static/swagger-ui-bundle.js')).status).toBe(200);
  });
});

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: unknown;
  readonly requestBody?: unknown;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: unknown }> }>;
}

/** What Fastify itself knows, without the description's own routes and the HEAD of each GET. */
function routesOf({ app }: Gateway): string[] {
  const tree = app.printRoutes({ commonPrefix: false });
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of tree.split('\n')) {
    const match = /^([│ ]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (!match) continue;
    const [, indent, part, methods] = match;
    const depth = indent!.length / 4;
    parents.length = depth;
    parents[depth] = part!;
    const path = parents.join('').replace(/:(\w+)/g, '{$1}');
    for (const method of methods?.split(', ') ?? []) {
      if (method !== 'HEAD' && !/^\/(api\/docs|api\/openapi)/.test(path)) routes.push(`${method} ${path}`);
    }
  }
  return routes.sort();
}

test('nothing that is secret stands in a log', async () => {
  const secrets = [token, ADA.password, ADA.email];
  await gateway.signIn();
  expect(gateway.logged.length).toBeGreaterThan(10);
  expect(gateway.logged.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
  const lines = gateway.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  const request = lines.find(({ route, status }) => route === '/api/v1/projects/:id' && status === 200);
  expect(request).toMatchObject({ message: 'request', method: 'GET', userId: expect.any(String) as string });
});
