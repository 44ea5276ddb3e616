import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { JwtKeyRing, newRing, signToken } from '../../../core/secrets/key-ring';
import { apiServer, listen, stopServing } from '../../../services/gateway/src/http/listeners';
import { AUDIENCE } from '../../../services/gateway/src/sessions/sessions';
import { asApp, openGateway, startMigratedWorld, type Gateway, type GatewayWorld } from './gateway-world';

let world: GatewayWorld;
let gateway: Gateway;
let token: string;
let server: Server;
let port: number;

beforeAll(async () => {
  world = await startMigratedWorld();
  gateway = await openGateway(world);
  token = await gateway.signIn();
  // As in production, only less patient.
  server = apiServer((request, response) => gateway.app.routing(request, response), {
    headersTimeout: 300,
    requestTimeout: 600,
    connectionsCheckingInterval: 50,
  });
  port = await listen(server, 0, '127.0.0.1');
});
afterAll(async () => {
  if (server) await stopServing(server);
  await gateway?.stop();
  await world?.stop();
});
// Whatever was sent, it goes on, nothing was told of the inside, and no object has learnt anything.
afterEach(async () => {
  const { status } = await gateway.ask('GET', '/api/v1/me', { token });
  if (status !== 200) throw new Error(`it answers ${status} now`);
  if ('polluted' in {}) throw new Error('every object has something new');
});

/** Sends bytes and gives all that comes back until the server hangs up. */
async function send(...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  // What is refused early is not read to its end.
  socket.on('error', () => undefined);
  for (const part of parts) socket.write(part);
  return await text(socket).catch(() => '');
}

const post = (body: string, headers = '') =>
  `POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const INSIDE = /at .*\.(ts|js):|node_modules|SELECT|golive\.(users|projects)|prisma|Error:/i;

describe('a body that is none', () => {
  test.each([
    ['cut off', '{"name":'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"name"'],
    ['a number beyond all numbers', '1e999'],
    [
      'with the prototype as a field',
      '{"__proto__":{"polluted":1},"name":"x","repository":"https://x.example"}',
    ],
    ['with a constructor as a field', '{"constructor":{"prototype":{"polluted":1}}}'],
    ['with a zero byte in a name', '{"name":"a\\u0000b","repository":"https://x.example"}'],
    ['with a line break in a name', '{"name":"a\\r\\nSet-Cookie: b","repository":"https://x.example"}'],
    ['as deep as a well', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['with fields that nobody knows', '{"name":"x","repository":"https://x.example","revision":9}'],
    ['with a repository that is a script', '{"name":"x","repository":"javascript:alert(1)"}'],
  ])('%s is refused', async (_, body) => {
    const answer = await send(post(body));
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain('application/problem+json');
    expect(answer).not.toMatch(INSIDE);
  });

  test('that is not JSON by its own word is refused', async () => {
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const answer = await gateway.ask('POST', '/api/v1/projects', {
        token,
        headers: { 'content-type': type },
        body: 'name=x',
      });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });

  test('that is huge is refused before it has all come', async () => {
    const told = `POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n`;
    expect(statusOf(await send(told, '{'))).toBe(413);
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const untold = `POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(statusOf(await send(untold, ...Array.from({ length: 8 }, () => chunk)))).toBe(413);
  });
});

describe('what is hardly HTTP', () => {
  test.each([
    ['noise', 'EHLO mail.example\r\n\r\n', 400],
    [
      'two lengths at once',
      'POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a header with a line break', 'GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c: d\r\n\r\n', 400],
    [
      'headers without end',
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`,
      431,
    ],
    ['half of the headers', 'GET /health/live HTTP/1.1\r\nHost: x\r\n', 408],
    ['half of the body', () => post('{"name":"x"}').slice(0, -5), 408],
  ])('%s is answered and hung up on', async (_, bytes, status) => {
    const answer = await send(typeof bytes === 'string' ? bytes : bytes());
    expect(statusOf(answer)).toBe(status);
    expect(answer).toContain('application/problem+json');
    expect(answer).not.toMatch(INSIDE);
  });

  test.each([
    '/api/v1/projects/%00',
    '/api/v1/projects/%',
    '/%ff%fe',
    '/api/../../etc/passwd',
    `/${'a'.repeat(9_000)}`,
  ])('the path %s leads nowhere', async (path) => {
    const answer = await send(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer).not.toMatch(INSIDE);
  });
});

test('SQL is a text like any other', async () => {
  const name = `x'); DROP TABLE golive.projects; --`;
  const { status, body } = await gateway.ask('POST', '/api/v1/projects', {
    token,
    body: { name, slug: 'bobby', repository: `https://x.example/?q=' OR 1=1 --` },
  });
  expect([status, body['name']]).toEqual([201, name]);
  const tries = [
    `/api/v1/projects/${encodeURIComponent(`${body['id'] as string}' OR '1'='1`)}`,
    `/api/v1/projects?cursor=${Buffer.from(`' OR 1=1 --`).toString('base64url')}`,
    `/api/v1/projects?limit=${encodeURIComponent('1; DROP TABLE golive.users')}`,
  ];
  for (const path of tries) expect((await gateway.ask('GET', path, { token })).status).toBe(400);
  const { rows } = await asApp(world, (client) =>
    client.query<{ name: string }>('SELECT name FROM golive.projects WHERE slug = $1', ['bobby']),
  );
  expect(rows).toEqual([{ name }]);
});

test('what a client says of itself is not given back, and names no client', async () => {
  const spoofed = { 'x-forwarded-for': '1.1.1.1, 192.0.2.77', 'x-request-id': 'mine', traceparent: 'mine' };
  const answer = await gateway.ask('GET', '/api/nowhere', { headers: spoofed });
  expect(answer.text).not.toContain('mine');
  expect(answer.body['traceId']).toMatch(/^[0-9a-f]{32}$/);
  const small = await openGateway(world, { api: { perMinute: { address: 1, user: 100 } } });
  try {
    const from = (list: string) => small.ask('GET', '/api/nowhere', { headers: { 'x-forwarded-for': list } });
    expect((await from('1.1.1.1, 192.0.2.78')).status).toBe(404);
    expect((await from('2.2.2.2, 192.0.2.78')).status).toBe(429);
    expect((await from('192.0.2.78, 192.0.2.79')).status).toBe(404);
  } finally {
    await small.stop();
  }
});

describe('a token that is not good', () => {
  const ringOf = () => JwtKeyRing.parse(JSON.parse(world.memory.at(world.arns.jwt, 'AWSCURRENT')!.value!));
  const claimsOf = (good: string) =>
    JSON.parse(Buffer.from(good.split('.')[1]!, 'base64url').toString()) as { sub: string; jti: string };
  const options = { expiresInSeconds: 600, issuer: 'golive:test', audience: AUDIENCE };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const expectRefused = async (bad: string) => {
    const answer = await gateway.ask('GET', '/api/v1/me', { token: bad });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.text).not.toMatch(/signature|kid|issuer|audience/i);
  };

  test('is one like it: that works', async () => {
    const good = await signToken(ringOf(), claimsOf(token), options);
    expect((await gateway.ask('GET', '/api/v1/me', { token: good })).status).toBe(200);
  });

  test('has expired, or is not valid yet', async () => {
    await expectRefused(
      await signToken(ringOf(), claimsOf(token), { ...options, now: new Date(Date.now() - 700_000) }),
    );
    await expectRefused(
      await signToken(ringOf(), claimsOf(token), { ...options, notBefore: new Date(Date.now() + 60_000) }),
    );
  });

  test('is of another environment, or for somebody else', async () => {
    await expectRefused(await signToken(ringOf(), claimsOf(token), { ...options, issuer: 'golive:prod' }));
    await expectRefused(await signToken(ringOf(), claimsOf(token), { ...options, audience: 'other' }));
  });

  test('says that nothing signs it, or signs itself with what is public', async () => {
    const [head, body] = token.split('.') as [string, string];
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
    await expectRefused(`${part({ alg: 'none', kid })}.${body}.`);
    const keys = await gateway.ask('GET', '/.well-known/jwks.json');
    const unsigned = `${part({ alg: 'HS256', kid, typ: 'JWT' })}.${body}`;
    await expectRefused(
      `${unsigned}.${createHmac('sha256', keys.text).update(unsigned).digest('base64url')}`,
    );
  });

  test('is forged: another signature, or other claims under it', async () => {
    const [head, body, signature] = token.split('.') as [string, string, string];
    await expectRefused(`${head}.${body}.${'A'.repeat(signature.length)}`);
    await expectRefused(`${head}.${part({ ...claimsOf(token), sub: randomUUID() })}.${signature}`);
    await expectRefused(token.slice(0, -4));
  });

  test('belongs to nobody: no session, or another one’s, or no ids at all', async () => {
    for (const claims of [
      { sub: claimsOf(token).sub, jti: randomUUID() },
      { sub: randomUUID(), jti: claimsOf(token).jti },
      { sub: 'ada', jti: 'mine' },
      {},
    ]) {
      const answer = await gateway.ask('GET', '/api/v1/me', {
        token: await signToken(ringOf(), claims, options),
      });
      expect(answer.status).toBe(401);
    }
  });

  test('names unknown keys: a thousand of them make one look for a newer ring', async () => {
    const policy = { publishSeconds: 60, cacheSeconds: 60, maxTokenSeconds: 3600, backupSeconds: 60 };
    const reads: unknown[] = [];
    const { client } = world.memory;
    const watched = {
      send: (command: { input: { SecretId?: string } }) => {
        if (command.input.SecretId === world.arns.jwt) reads.push(command);
        return client.send(command as never);
      },
    };
    const task = await openGateway(world, { parts: { secretsManager: watched as never } });
    try {
      const foreign = await Promise.all(
        Array.from({ length: 20 }, () =>
          signToken(newRing('EdDSA', new Date(Date.now() - 60_000), policy), claimsOf(token), options),
        ),
      );
      expect((await task.ask('GET', '/api/v1/me', { token })).status).toBe(200);
      const before = reads.length;
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, at) => task.ask('GET', '/api/v1/me', { token: foreign[at % 20]! })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      expect(reads.length - before).toBe(1);
    } finally {
      await task.stop();
    }
  });

  test('is no token', async () => {
    for (const authorization of [
      'Basic YTpi',
      'Bearer',
      'Bearer  ',
      `Bearer ${'a'.repeat(9_000)}`,
      'Bearer a b',
      'Bearer ..',
    ]) {
      const answer = await gateway.ask('GET', '/api/v1/me', { headers: { authorization } });
      expect([authorization.slice(0, 20), answer.status]).toEqual([authorization.slice(0, 20), 401]);
    }
  });
});
