import { Agent, createServer, get, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Lifecycle } from '../../../services/frontend/src/server/lifecycle';
import { keptLog } from './support/runtime';

describe('the end of the frontend', () => {
  let server: Server;
  let waiting: ServerResponse[];
  let arrived: () => void;
  const kept = keptLog();

  beforeEach(async () => {
    waiting = [];
    server = createServer((request, response) => {
      if (request.url === '/slow') {
        waiting.push(response);
        arrived();
      } else response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const ask = (path: string, agent?: Agent): Promise<number> =>
    new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      get({ port, host: '127.0.0.1', path, agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      }).once('error', reject);
    });

  function begin(options: { deadlineMs: number; delayMs: number; finish?: () => Promise<void> }) {
    let ended: (code: number) => void;
    const code = new Promise<number>((resolve) => (ended = resolve));
    const lifecycle = new Lifecycle({
      finish: () => Promise.resolve(),
      ...options,
      log: kept.log,
      exit: (exitCode) => ended(exitCode),
    });
    return { lifecycle, code };
  }

  it('is cut short by its deadline, and says what took too long', async () => {
    const inside = new Promise<void>((resolve) => (arrived = resolve));
    const { lifecycle, code } = begin({ deadlineMs: 60, delayMs: 1 });
    ask('/slow').catch(() => undefined);
    await inside;
    lifecycle.signal('SIGTERM', server);
    expect(await code).toBe(1);
    const { details } = kept.lines.at(-1) ?? { details: {} };
    expect(details).toMatchObject({ err: { message: 'answering what has begun took more than 60 ms' } });
  });

  it('comes at once with a second signal', async () => {
    const { lifecycle, code } = begin({ deadlineMs: 60_000, delayMs: 30_000 });
    lifecycle.signal('SIGTERM', server);
    lifecycle.signal('SIGTERM', server);
    expect(await code).toBe(1);
  });

  it('goes wrong when what is left cannot be sent', async () => {
    const { lifecycle, code } = begin({
      deadlineMs: 5_000,
      delayMs: 1,
      finish: () => Promise.reject(new Error('no collector')),
    });
    lifecycle.signal('SIGTERM', server);
    expect(await code).toBe(1);
  });

  it('answers what has begun and what still comes, and then says no more', async () => {
    const finished: string[] = [];
    const inside = new Promise<void>((resolve) => (arrived = resolve));
    const { lifecycle, code } = begin({
      deadlineMs: 10_000,
      delayMs: 200,
      finish: () => {
        finished.push('finished');
        return Promise.resolve();
      },
    });
    const slow = ask('/slow');
    await inside;
    lifecycle.signal('SIGTERM', server);
    expect(lifecycle.isStopping).toBe(true);
    // Still served, on a new connection and on a kept one.
    const agent = new Agent({ keepAlive: true });
    expect([await ask('/', agent), await ask('/', agent), await ask('/')]).toEqual([200, 200, 200]);
    agent.destroy();
    await new Promise<void>((resolve) => {
      const look = () => (server.listening ? setTimeout(look, 5) : resolve());
      look();
    });
    expect(finished).toEqual([]);
    waiting[0]?.end('late');
    expect(await slow).toBe(200);
    expect(await code).toBe(0);
    expect(finished).toEqual(['finished']);
  });
});
