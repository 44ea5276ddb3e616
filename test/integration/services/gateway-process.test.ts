import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { startSpanSink, type SpanSink } from '../../../local/span-sink';
import { until } from '../../support/processes';
import { secretsEndpoint } from '../../support/secrets-endpoint';
import { buildProgram, served, type BuiltGateway, type GatewayProgram } from './gateway-program';
import { ADA, addUser, asApp, startGatewayWorld, type GatewayWorld } from './gateway-world';

let world: GatewayWorld;
let built: BuiltGateway;
let sink: SpanSink;
let secrets: Awaited<ReturnType<typeof secretsEndpoint>>;
let environment: Record<string, string>;
const programs: GatewayProgram[] = [];

const start = (variables: Record<string, string> = {}, args: string[] = [], input = '') => {
  const program = built.start({ ...environment, ...variables }, args, input);
  programs.push(program);
  return program;
};
const run = async (args: string[], input = '') => {
  const program = start({}, args, input);
  const { code } = await program.ended;
  return { code, lines: program.lines(), output: program.output() };
};

beforeAll(async () => {
  [world, built, sink] = await Promise.all([startGatewayWorld(), buildProgram(), startSpanSink()]);
  secrets = await secretsEndpoint(world.memory);
  environment = {
    ...world.environment,
    AWS_ENDPOINT_URL: secrets.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
    RATE_LIMIT_USER_PER_MINUTE: '1000000',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  const { code, output } = await run(['migrate']);
  if (code !== 0) throw new Error(output);
  await addUser(world);
});
afterAll(async () => {
  await secrets?.stop();
  await sink?.close();
  await built?.remove();
  await world?.stop();
});
afterEach(() => {
  for (const { child } of programs.splice(0)) child.kill('SIGKILL');
});

describe('its commands', () => {
  test('a migration that fails ends with 1, and its last line names file, code and reason', async () => {
    const file = join(built.folder, 'migrations', '002.do.broken.sql');
    await writeFile(file, 'ALTER TABLE golive.nowhere ADD COLUMN a int;');
    try {
      const { code, lines } = await run(['migrate']);
      expect(code).toBe(1);
      expect(lines.at(-1)).toMatchObject({ level: 'ERROR', code: 'MigrationFailedError' });
      expect(lines.at(-1)!['message']).toMatch(
        /^migrate failed: MigrationFailedError: 002\.do\.broken\.sql failed.*SQLSTATE 42P01.*"golive\.nowhere" does not exist/,
      );
    } finally {
      await rm(file);
    }
  });

  test('one that was made already is nothing to do', async () => {
    const { code, lines } = await run(['migrate']);
    expect(code).toBe(0);
    expect(lines.at(-1)!['message']).toBe('nothing to migrate: the database is at version 1');
  });

  test('a user is made with the password of standard input, which stands nowhere', async () => {
    const args = ['create-user', '--email', 'Grace@Example.com', '--name', 'Grace'];
    const short = await run(args, 'short\n');
    expect(short.code).toBe(1);
    expect(short.lines.at(-1)!['message']).toContain('a password has 12 to 200 characters');
    const made = await run(args, 'a long enough password\n');
    expect([made.code, made.lines.at(-1)!['message']]).toEqual([0, 'the user is made']);
    const { rows } = await asApp(world, (client) =>
      client.query<{ email: string; hash: string }>(
        `SELECT email, password_hash AS hash FROM golive.users WHERE name = 'Grace'`,
      ),
    );
    expect(rows).toEqual([
      { email: 'grace@example.com', hash: expect.stringMatching(/^\$scrypt\$ln=15,r=8,p=3\$/) as string },
    ]);
    expect(made.output + short.output).not.toMatch(/short\n|long enough/);
  });

  test('what it does not know it refuses, with how to call it', async () => {
    const { code, output } = await run(['destroy']);
    expect(code).toBe(1);
    expect(output).toContain('there is no command "destroy"; use: main.js | main.js migrate');
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

/** A request on a connection that is kept, as a load balancer makes it. */
async function ask(
  port: number,
  method: string,
  path: string,
  {
    token,
    body,
    agent,
    headers,
  }: { token?: string; body?: object; agent?: Agent; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const payload = body && JSON.stringify(body);
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent,
    headers: {
      ...(payload !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  outgoing.end(payload);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const said = await text(incoming);
  return {
    status: incoming.statusCode!,
    headers: incoming.headers,
    body: said.startsWith('{') ? (JSON.parse(said) as Record<string, unknown>) : {},
  };
}

const signIn = async (port: number): Promise<string> => {
  const { body } = await ask(port, 'POST', '/api/v1/sessions', {
    body: { email: ADA.email, password: ADA.password },
  });
  return body['token'] as string;
};

describe('its end', () => {
  test('under load loses no request: it says first that it is not ready, and serves on', async () => {
    const program = start({ SHUTDOWN_DELAY_SECONDS: '0.6', SHUTDOWN_SECONDS: '10' });
    const { port } = await served(program);
    const token = await signIn(port);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const problems: unknown[] = [];
    let isInService = true;
    let done = 0;
    let afterSignal = 0;
    let closes = 0;
    const load = async (): Promise<void> => {
      for (let turn = 0; isInService; turn += 1) {
        try {
          const answer =
            turn % 4 === 0
              ? await ask(port, 'POST', '/api/v1/projects', {
                  token,
                  agent,
                  body: { name: `P${Math.random()}`, repository: 'https://x.example' },
                })
              : await ask(port, 'GET', '/api/v1/projects?limit=1', { token, agent });
          if (answer.status >= 400) problems.push(answer.body);
          if (answer.headers['connection'] === 'close') closes += 1;
        } catch (error) {
          problems.push(error);
        }
        done += 1;
        if (program.child.killed) afterSignal += 1;
      }
    };
    const loads = Array.from({ length: 8 }, load);
    await until(() => done > 40);
    program.child.kill('SIGTERM');
    // As a load balancer: it takes the task out when that says so.
    await until(async () => {
      const { status, body } = await ask(port, 'GET', '/health/ready');
      return status === 503 && body['shuttingDown'] === true;
    });
    isInService = false;
    await Promise.all(loads);
    expect(problems).toEqual([]);
    expect(afterSignal).toBeGreaterThan(0);
    expect(closes).toBeGreaterThan(0);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.lines().at(-1)).toMatchObject({ message: 'ended' });
    agent.destroy();
  });

  test('what has begun is finished after it no longer listens', async () => {
    const program = start({ SHUTDOWN_DELAY_SECONDS: '0', SHUTDOWN_SECONDS: '10' });
    const { port } = await served(program);
    const token = await signIn(port);
    const slow = await whileLocked(async () => {
      const answer = ask(port, 'GET', '/api/v1/projects', { token });
      await until(async () => (await waiting()) === 1);
      program.child.kill('SIGTERM');
      await until(() => refuses(port));
      return { answer };
    });
    expect((await slow.answer).status).toBe(200);
    expect((await program.ended).code).toBe(0);
  });

  test('a second signal, or its deadline, ends it at once and with 1', async () => {
    const [second, late] = [
      start({ SHUTDOWN_DELAY_SECONDS: '5', SHUTDOWN_SECONDS: '20' }),
      start({ SHUTDOWN_DELAY_SECONDS: '0', SHUTDOWN_SECONDS: '0.5' }),
    ];
    const { port } = await served(late);
    await served(second);
    second.child.kill('SIGTERM');
    await until(() => second.lines().some(({ signal }) => signal === 'SIGTERM'));
    second.child.kill('SIGTERM');
    expect((await second.ended).code).toBe(1);
    const token = await signIn(port);
    await whileLocked(async () => {
      const answer = ask(port, 'GET', '/api/v1/projects', { token }).catch(() => undefined);
      await until(async () => (await waiting()) === 1);
      late.child.kill('SIGTERM');
      expect((await late.ended).code).toBe(1);
      await answer;
    });
    expect(late.lines().at(-1)).toMatchObject({ level: 'ERROR', message: 'did not end in order' });
  });
});

test('one request is one trace: its route, Prisma, PostgreSQL and Redis; the frontend’s goes on, and nobody else’s', async () => {
  const program = start({
    OTEL_ENABLED: 'true',
    OTEL_SAMPLE_RATIO: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
  });
  const { port, internalPort, metricsPort } = await served(program);
  const token = await signIn(port);
  const [believed, made] = ['0af7651916cd43dd8448eb211c80319c', '1af7651916cd43dd8448eb211c80319c'];
  const traceparent = (trace: string) => ({ traceparent: `00-${trace}-b7ad6b7169203331-01` });
  expect((await ask(port, 'GET', '/api/v1/projects', { token, headers: traceparent(made) })).status).toBe(
    200,
  );
  const path = '/api/v1/projects?limit=2';
  expect((await ask(internalPort, 'GET', path, { token, headers: traceparent(believed) })).status).toBe(200);
  const written = (spans: readonly object[]) => JSON.stringify(spans);
  // The request's own span ends last, and may come in another batch than those of its parts.
  const trace = await sink.waitFor(
    (spans) => spans[0]?.traceId === believed && spans.some(({ kind }) => kind === 'server'),
    { timeoutMs: 20_000 },
  );
  expect(trace.filter(({ kind }) => kind === 'server')).toMatchObject([{ name: 'GET /api/v1/projects' }]);
  const names = trace.map(({ name }) => name).join('\n');
  for (const part of [/^prisma:client:operation$/m, /^pg\.query:SELECT/m, /^redis-GET$/m])
    expect(names).toMatch(part);
  expect(sink.trace(made)).toEqual([]);
  expect(written(sink.spans())).not.toContain(ADA.email);
  // Metrics are for this machine alone, and count by route.
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  expect(await metrics.text()).toContain(
    'http_request_duration_seconds_count{method="GET",route="/api/v1/projects",status="200"} 2',
  );
  const interfaces = Object.values(networkInterfaces()).flat();
  for (const other of interfaces.filter((one) => one?.family === 'IPv4' && !one.internal)) {
    expect(await refuses(metricsPort, other!.address)).toBe(true);
  }
  // The line of the log is found by the trace.
  await until(() =>
    program.lines().some(({ trace_id, message }) => trace_id === believed && message === 'request'),
  );
});

/** Nobody reads projects meanwhile. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const endpoint = { ...world.postgres.superuser, database: world.postgres.master.database };
  return await world.postgres.query(endpoint, async (client) => {
    await client.query('BEGIN; LOCK TABLE golive.projects IN ACCESS EXCLUSIVE MODE');
    try {
      return await work();
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

/** How many sessions wait for a lock. */
async function waiting(): Promise<number> {
  return await world.postgres.query(world.postgres.superuser, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted',
    );
    return rows[0]!.count;
  });
}

async function refuses(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host);
  return await once(socket, 'connect').then(
    () => (socket.destroy(), false),
    () => true,
  );
}
