import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { sendToCache } from '../../../core/shared/cache-commands';
import { startLocalRedis, LocalRedisError, type LocalRedis } from '../../../local/redis';
import { Supervisor } from '../../../local/supervisor';
import { isAlive, until } from '../../support/processes';

const RIGHTS = 'on ~* &* +@all -@admin -@dangerous';
const [old, young] = ['the old & long password', 'the young "and" long password'];

describe('the cache server of this machine', () => {
  let supervisor: Supervisor;
  let redis: LocalRedis;
  const send = (username: string, password: string, ...commands: string[][]) =>
    sendToCache(
      { host: redis.host, port: redis.port, ca: readFileSync(redis.caFile, 'utf8') },
      { username, password },
      commands,
    );

  beforeAll(async () => {
    supervisor = Supervisor.start();
    redis = await startLocalRedis(supervisor);
  });

  afterAll(async () => {
    await supervisor.stop();
  });

  test('it speaks TLS alone: who comes in plaintext is hung up on', async () => {
    const socket = connect(redis.port, redis.host);
    socket.on('error', () => undefined);
    socket.write('PING\r\n');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    await new Promise((closed) => socket.once('close', closed));
    expect(answer).not.toContain('PONG');
    expect(answer).not.toContain('NOAUTH');
  });

  test('nobody is let in whom it was not told of, the default user least of all', async () => {
    expect(await redis.accepts('default', '')).toBe(false);
    expect(await redis.accepts('app', old)).toBe(false);
    await expect(send('default', 'x', ['PING'])).rejects.toThrow(/WRONGPASS/);
  });

  test('a user has both of its passwords, and loses what a change leaves out', async () => {
    await redis.setUser('app', RIGHTS, [old]);
    expect(await redis.accepts('app', old)).toBe(true);
    await redis.setUser('app', RIGHTS, [old, young]);
    expect([await redis.accepts('app', old), await redis.accepts('app', young)]).toEqual([true, true]);
    await redis.setUser('app', RIGHTS, [young]);
    expect([await redis.accepts('app', old), await redis.accepts('app', young)]).toEqual([false, true]);
  });

  test('its rights are those of its access string', async () => {
    await redis.setUser('reader', 'on ~orders:* -@all +get +ping', [old]);
    expect(await send('reader', old, ['PING'])).toEqual(['PONG']);
    await expect(send('reader', old, ['GET', 'customers:1'])).rejects.toThrow(/NOPERM/);
    await redis.setUser('app', RIGHTS, [young]);
    expect(await send('app', young, ['SET', 'orders:1', 'x'], ['DEL', 'orders:1'])).toEqual(['OK', '1']);
    await expect(send('app', young, ['FLUSHALL'])).rejects.toThrow(/NOPERM/);
    await expect(send('app', young, ['CONFIG', 'SET', 'maxmemory', '0'])).rejects.toThrow(/NOPERM/);
  });

  test('an access string that it does not understand is an error that says so, without the password', async () => {
    const failure: unknown = await redis
      .setUser('app', 'on +@nothing', [old])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LocalRedisError);
    expect((failure as Error).message).toContain('+@nothing');
    expect((failure as Error).message).not.toContain(old);
    expect(await redis.accepts('app', young)).toBe(true);
  });

  test('it runs as us, and where we are root as somebody else', () => {
    const uid = Number(execFileSync('ps', ['-o', 'uid=', '-p', String(redis.pid)]));
    expect(uid).not.toBe(0);
    expect(process.getuid?.() === 0 ? 0 : uid).toBe(process.getuid?.());
  });

  test('what it cannot start with is in the error', async () => {
    const failing = startLocalRedis(supervisor, { name: 'failing', settings: { maxmemory: 'plenty' } });
    await expect(failing).rejects.toThrow(LocalRedisError);
    await expect(failing).rejects.toThrow(/maxmemory/);
  });

  test('two are two servers, and each stops alone', async () => {
    const second = await startLocalRedis(supervisor, { name: 'second' });
    expect(second.port).not.toBe(redis.port);
    await second.stop();
    await until(() => !isAlive(second.pid));
    await expect(second.accepts('app', old)).rejects.toThrow(/ECONNREFUSED/);
    expect(await redis.accepts('app', young)).toBe(true);
  });

  test('it keeps nothing on disk but how it was started', () => {
    const folder = redis.caFile.replace(/\/public\/.*$/, '');
    expect(readdirSync(folder).sort()).toEqual(
      ['public', 'redis-1.log', 'redis.conf', 'server.crt', 'server.key'].sort(),
    );
  });
});
