import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayError } from '../../../services/frontend/src/gateway/errors';
import { createGateway, type Gateway } from '../../../services/frontend/src/gateway/gateway';
import { ADA, GatewayDouble } from './support/gateway-double';

const ADDRESS = '203.0.113.7';

describe('asking the gateway', () => {
  let double: GatewayDouble;
  let errors: GatewayError[];
  let gateway: Gateway;

  beforeEach(async () => {
    double = await GatewayDouble.start();
    errors = [];
    gateway = createGateway({ url: double.url, version: '1.2.3', onError: (error) => errors.push(error) });
  });

  afterEach(() => double.stop());

  const caller = () => ({ token: double.openSession(), address: ADDRESS });

  it('says that it cannot serve, with the time that the gateway names', async () => {
    double.mode = { kind: 'unavailable', retryAfterSeconds: 42 };
    expect(await gateway.status(caller())).toEqual({
      ok: false,
      refusal: { kind: 'unavailable', retryAfterSeconds: 42 },
    });
    expect(errors.map(({ code }) => code)).toEqual(['GatewayUnavailableError']);
  });

  it('takes an answer that was not agreed for no answer, and says where it differs without quoting it', async () => {
    double.mode = { kind: 'confused' };
    const answer = await gateway.me(caller());
    expect(answer).toMatchObject({ ok: false, refusal: { kind: 'unavailable' } });
    expect(errors[0]?.code).toBe('GatewayAnswerError');
    expect(errors[0]?.message).toMatch(/GET \/api\/v1\/me.*id \(invalid_type\)/);
    expect(errors[0]?.message).not.toContain('surprise');
  });

  it('says that too many requests were made', async () => {
    double.mode = { kind: 'limiting', retryAfterSeconds: 7 };
    const refusal = { kind: 'too-many', retryAfterSeconds: 7 };
    expect(await gateway.signIn(ADA, { address: ADDRESS })).toEqual({ ok: false, refusal });
    expect(await gateway.projects(caller(), { limit: 5 })).toEqual({ ok: false, refusal });
    expect(errors).toEqual([]);
  });

  it('tells a session that has ended from credentials that are wrong', async () => {
    const signedOut = { ok: false, refusal: { kind: 'signed-out' } };
    expect(await gateway.me({ token: 'no.such.token', address: ADDRESS })).toEqual(signedOut);
    expect(await gateway.signIn({ ...ADA, password: 'no' }, { address: ADDRESS })).toEqual({
      ok: false,
      refusal: { kind: 'wrong-credentials' },
    });
    expect(errors).toEqual([]);
  });

  it('signs in, reads and signs out', async () => {
    const opened = await gateway.signIn(ADA, { address: ADDRESS });
    if (!opened.ok) throw new Error('it must sign in');
    const who = { token: opened.value.token, address: ADDRESS };
    expect(await gateway.me(who)).toMatchObject({ ok: true, value: { name: 'Ada Lovelace' } });
    expect(await gateway.status(who)).toMatchObject({ ok: true, value: { environment: 'test' } });
    const first = await gateway.projects(who, { limit: 20 });
    if (!first.ok) throw new Error('it must list projects');
    const second = await gateway.projects(who, { limit: 20, cursor: first.value.next ?? '' });
    expect([first.value.items.length, second.ok && second.value.items.length]).toEqual([20, 3]);
    expect(await gateway.signOut(who)).toEqual({ ok: true, value: undefined });
    expect(double.holds(who.token)).toBe(false);
  });

  it('passes on whose request it is, and nothing else of the browser', async () => {
    await gateway.me(caller());
    const headers = double.seen[0]?.headers ?? {};
    expect(headers).toMatchObject({
      'x-forwarded-for': ADDRESS,
      'user-agent': 'golive-frontend/1.2.3',
      accept: 'application/json',
    });
    expect(headers.authorization).toMatch(/^Bearer token\./);
    expect(headers.cookie).toBeUndefined();
  });
});

describe('a gateway that is not there', () => {
  const servers: Server[] = [];
  const serving = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const ask = (url: string, timeoutMs = 5_000) => {
    const errors: GatewayError[] = [];
    return {
      errors,
      gateway: createGateway({ url, version: '1', timeoutMs, onError: (error) => errors.push(error) }),
    };
  };
  const caller = { token: 'a.b.c', address: ADDRESS };

  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is said to be unreachable, with the reason', async () => {
    const url = await serving(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const { gateway, errors } = ask(url);
    expect(await gateway.me(caller)).toEqual({
      ok: false,
      refusal: { kind: 'unavailable', retryAfterSeconds: 10 },
    });
    expect(errors[0]?.code).toBe('GatewayUnreachableError');
    expect(errors[0]?.message).toContain('ECONNREFUSED');
  });

  it('is not waited for without end', async () => {
    const { gateway, errors } = ask(await serving(() => undefined), 50);
    expect(await gateway.me(caller)).toMatchObject({ ok: false, refusal: { kind: 'unavailable' } });
    expect(errors[0]?.message).toContain('TimeoutError');
  });

  it('is asked once more when it closed a connection that was kept', async () => {
    let asked = 0;
    const url = await serving((request, response) => {
      asked += 1;
      if (asked === 1) request.socket.destroy();
      else response.end(JSON.stringify({ id: '1', email: 'a@b.example', name: 'A' }));
    });
    expect(await ask(url).gateway.me(caller)).toMatchObject({ ok: true });
    expect(asked).toBe(2);
  });

  it('is never told twice to sign in: the first time may have counted', async () => {
    let asked = 0;
    const url = await serving((request) => {
      asked += 1;
      request.socket.destroy();
    });
    expect(await ask(url).gateway.signIn(ADA, { address: ADDRESS })).toMatchObject({ ok: false });
    expect(asked).toBe(1);
  });

  it.each([301, 404, 418, 500])('that answers %i is not understood', async (status) => {
    const url = await serving((_, response) =>
      response.writeHead(status, { location: '/elsewhere' }).end('{}'),
    );
    const { gateway, errors } = ask(url);
    expect(await gateway.me(caller)).toMatchObject({ ok: false, refusal: { kind: 'unavailable' } });
    expect(errors).toHaveLength(1);
  });
});
