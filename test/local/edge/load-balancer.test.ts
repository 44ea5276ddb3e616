import { once } from 'node:events';
import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { LocalLoadBalancer } from '../../../local/edge/load-balancer';
import { TargetGroup, TargetNotHealthyError } from '../../../local/edge/target-group';
import { until } from '../../support/processes';
import { ask, startTarget, type LocalTarget } from './local-target';

const SOON = 10_000;

describe('the load balancer of this machine', () => {
  let balancer: LocalLoadBalancer;
  let group: TargetGroup;
  let targets: LocalTarget[];

  beforeEach(async () => {
    targets = [];
    balancer = await LocalLoadBalancer.open({ idleTimeoutMs: 400 });
    group = new TargetGroup({
      name: 'gateway',
      deregistrationDelayMs: 300,
      healthCheck: {
        path: '/health/ready',
        intervalMs: 20,
        timeoutMs: 1_000,
        healthyThreshold: 2,
        unhealthyThreshold: 2,
        codes: [200],
      },
    });
    balancer.listen({ kind: 'answer', status: 404, contentType: 'text/plain', body: 'Not found' });
    balancer.addRule({
      priority: 100,
      conditions: [{ field: 'path-pattern', values: ['/api/*'] }],
      action: { kind: 'forward', group },
    });
  });

  afterEach(async () => {
    group.close();
    await balancer.close();
    await Promise.all(targets.map((target) => target.close()));
  });

  async function add(...args: Parameters<typeof startTarget>): Promise<LocalTarget> {
    const target = await startTarget(...args);
    targets.push(target);
    group.register(target.port);
    await group.untilHealthy(target.port, SOON);
    return target;
  }

  test('what no rule is for is answered by itself', async () => {
    expect(await ask(balancer.origin, '/')).toMatchObject({ status: 404, body: 'Not found' });
  });

  test('without a target it says so, and with one that is not healthy yet it does, too', async () => {
    expect(await ask(balancer.origin, '/api/x')).toMatchObject({ status: 503 });
    const target = await startTarget();
    targets.push(target);
    target.health = 503;
    group.register(target.port);
    expect(await ask(balancer.origin, '/api/x')).toMatchObject({ status: 503 });
    expect(target.requests).toEqual([]);
  });

  test('one that never becomes healthy is told, with what its health said last', async () => {
    const target = await startTarget();
    targets.push(target);
    target.health = 500;
    group.register(target.port);
    const waiting = group.untilHealthy(target.port, 300);
    await expect(waiting).rejects.toThrow(TargetNotHealthyError);
    await expect(waiting).rejects.toThrow('/health/ready answers with 500');
    await target.close();
    targets.pop();
    await expect(group.untilHealthy(target.port, 300)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('requests and answers pass as they are, bodies and doubled headers too', async () => {
    const target = await add((incoming, outgoing) => {
      outgoing.writeHead(201, 'Made', ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Path', incoming.url!]);
      incoming.pipe(outgoing);
    });
    const answer = await ask(balancer.origin, '/api/v1?a=%20', { method: 'POST', body: 'x'.repeat(200_000) });
    expect(answer).toMatchObject({ status: 201, body: 'x'.repeat(200_000) });
    expect(answer.headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-path': '/api/v1?a=%20' });
    expect(target.requests[0]?.headers).toMatchObject({
      host: balancer.host,
      'x-forwarded-proto': 'http',
      'x-forwarded-port': balancer.host.split(':')[1],
      'x-forwarded-for': expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string,
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-/) as string,
    });
  });

  test('targets take turns', async () => {
    const [one, two] = [await add(), await add()];
    for (let index = 0; index < 6; index++) await ask(balancer.origin, '/api/x');
    expect([one.requests.length, two.requests.length]).toEqual([3, 3]);
  });

  test('one that says that it is not ready gets nothing more, until it is ready again', async () => {
    const [one, two] = [await add(), await add()];
    one.health = 503;
    await until(() => group.states().get(one.port) === 'unhealthy');
    for (let index = 0; index < 4; index++) await ask(balancer.origin, '/api/x');
    expect([one.requests.length, two.requests.length]).toEqual([0, 4]);
    one.health = 200;
    await until(() => group.states().get(one.port) === 'healthy');
    for (let index = 0; index < 4; index++) await ask(balancer.origin, '/api/x');
    expect(one.requests).toHaveLength(2);
  });

  test('where all are unhealthy they get the requests: what they say themselves is more than nothing', async () => {
    const only = await add((_, outgoing) =>
      outgoing.writeHead(503, { 'retry-after': '5' }).end('no database'),
    );
    only.health = 503;
    await until(() => group.states().get(only.port) === 'unhealthy');
    expect(await ask(balancer.origin, '/api/x')).toMatchObject({
      status: 503,
      body: 'no database',
      headers: { 'retry-after': '5' },
    });
  });

  test('a target that hangs up is a bad gateway, and one that says nothing is a time-out', async () => {
    await add((incoming, outgoing) => {
      if (incoming.url === '/api/crash') outgoing.destroy();
    });
    expect(await ask(balancer.origin, '/api/crash')).toMatchObject({ status: 502, body: 'Bad Gateway' });
    expect(await ask(balancer.origin, '/api/silence')).toMatchObject({
      status: 504,
      body: 'Gateway Timeout',
    });
  });

  test('an answer that breaks off breaks off', async () => {
    await add((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 100 });
      outgoing.write('half', () => outgoing.destroy());
    });
    await expect(ask(balancer.origin, '/api/x')).rejects.toThrow(/aborted|socket hang up/);
  });

  test('what is answered before it was read is answered', async () => {
    await add((_, outgoing) => outgoing.writeHead(413, { connection: 'close' }).end('too large'));
    expect(await ask(balancer.origin, '/api/x', { method: 'POST', body: 'x'.repeat(50_000) })).toMatchObject({
      status: 413,
      body: 'too large',
    });
  });

  test('whoever goes before the answer is not worked for any more', async () => {
    let closed = false;
    const target = await add((_, outgoing) => void outgoing.once('close', () => (closed = true)));
    const [host, port] = balancer.host.split(':') as [string, string];
    const socket = connect(Number(port), host);
    socket.write(`GET /api/x HTTP/1.1\r\nHost: ${balancer.host}\r\n\r\n`);
    await until(() => target.requests.length === 1);
    socket.destroy();
    await until(() => closed);
    expect(await ask(balancer.origin, '/')).toMatchObject({ status: 404 });
  });

  test('what is no HTTP is refused', async () => {
    const [host, port] = balancer.host.split(':') as [string, string];
    const socket = connect(Number(port), host);
    socket.write('GET /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  describe('when a target goes', () => {
    test('it gets nothing new, and may finish what it has begun', async () => {
      const open: ServerResponse[] = [];
      const going = await add((_, outgoing) => void open.push(outgoing));
      const answered = ask(balancer.origin, '/api/slow');
      await until(() => open.length === 1);
      const gone = group.deregister(going.port);
      expect(group.states().get(going.port)).toBe('draining');
      const other = await add();
      expect(await ask(balancer.origin, '/api/x')).toMatchObject({ body: 'here' });
      expect([going.requests.length, other.requests.length]).toEqual([1, 1]);
      open[0]!.end('finished');
      expect(await answered).toMatchObject({ status: 200, body: 'finished' });
      await gone;
      expect([...group.states().keys()]).toEqual([other.port]);
    });

    test('what is not finished in time is cut off', async () => {
      const going = await add(() => undefined);
      const answered = ask(balancer.origin, '/api/slow');
      await until(() => going.requests.length === 1);
      await group.deregister(going.port);
      expect(await answered).toMatchObject({ status: 502 });
    });

    test('one that is idle goes at once, and nobody waits for one that is not there', async () => {
      const going = await add();
      await ask(balancer.origin, '/api/x');
      await group.deregister(going.port);
      await group.deregister(going.port);
      expect(group.states().size).toBe(0);
    });
  });
});

test('between services nothing is added to what one says', async () => {
  const target = await startTarget();
  const mesh = await LocalLoadBalancer.open({ kind: 'mesh' });
  const group = new TargetGroup({ name: 'gateway', deregistrationDelayMs: 0 });
  group.register(target.port);
  mesh.listen({ kind: 'forward', group });
  await ask(mesh.origin, '/', { headers: ['X-Forwarded-For', '6.6.6.6', 'traceparent', '00-1'] });
  expect(target.requests[0]?.headers).toEqual({
    host: mesh.host,
    'x-forwarded-for': '6.6.6.6',
    traceparent: '00-1',
    connection: 'keep-alive',
  });
  group.close();
  await mesh.close();
  await target.close();
});
