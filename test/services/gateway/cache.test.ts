import * as z from 'zod';
import { SecretValue, type SecretsClient } from '../../../core/secrets/client';
import { Cache, CacheUnavailableError } from '../../../services/gateway/src/cache/cache';
import { cacheCredentials } from '../../../services/gateway/src/cache/cache-credentials';
import { CachedReads, type CacheOutcome } from '../../../services/gateway/src/cache/cached-reads';
import { MemoryCache } from './support/doubles';

let memory: MemoryCache;
let now: number;
let cache: Cache;
let outcomes: CacheOutcome[];
let reads: CachedReads<{ name: string }>;

beforeEach(() => {
  memory = new MemoryCache();
  now = 0;
  cache = new Cache(memory.commands, () => now);
  outcomes = [];
  reads = new CachedReads({
    cache,
    prefix: 'p',
    schema: z.object({ name: z.string() }),
    seconds: 60,
    onOutcome: (_, outcome) => outcomes.push(outcome),
  });
});

describe('the cache', () => {
  test('that fails is left alone for a second, and is then asked again', async () => {
    memory.failure = new Error('gone');
    const ping = () => cache.run((commands) => commands.ping());
    await expect(ping()).rejects.toThrow(CacheUnavailableError);
    await expect(ping()).rejects.toThrow(CacheUnavailableError);
    expect([memory.asked, cache.isReady]).toEqual([1, false]);
    memory.failure = undefined;
    now += 1_000;
    expect(await ping()).toBe('PONG');
  });

  test('that is not connected is not asked', async () => {
    memory.isReady = false;
    await expect(cache.run((commands) => commands.ping())).rejects.toThrow('no connection');
    expect(memory.asked).toBe(0);
  });

  test('whose client throws is as one that fails', async () => {
    const broken = () => {
      throw new Error('closed');
    };
    await expect(cache.run(broken)).rejects.toThrow(CacheUnavailableError);
    expect(cache.isReady).toBe(false);
  });

  test('that never answers is given up', async () => {
    await expect(cache.run(() => new Promise(() => undefined))).rejects.toThrow('no answer within 250 ms');
  });
});

describe('a cached read', () => {
  const load = (name: string) => jest.fn(() => Promise.resolve<{ name: string } | undefined>({ name }));

  test('looks into the database once, and again after a change', async () => {
    const first = load('one');
    expect(await reads.read('1', first)).toEqual({ name: 'one' });
    expect(await reads.read('1', first)).toEqual({ name: 'one' });
    expect(first).toHaveBeenCalledTimes(1);
    expect(await reads.forget('1')).toBe(true);
    expect(await reads.read('1', load('two'))).toEqual({ name: 'two' });
    expect(outcomes).toEqual(['miss', 'hit', 'miss']);
  });

  test('that was overtaken by a change does not bring back what was', async () => {
    const overtaken = await reads.read('1', async () => {
      // Between the read of the row and its copy somebody changes it.
      await reads.forget('1');
      return { name: 'old' };
    });
    expect(overtaken).toEqual({ name: 'old' });
    expect(await reads.read('1', load('new'))).toEqual({ name: 'new' });
  });

  test('keeps nothing of what there is not', async () => {
    expect(await reads.read('1', () => Promise.resolve(undefined))).toBeUndefined();
    expect(memory.values.size).toBe(0);
  });

  test.each(['{"name":1}', 'not JSON', '{"__proto__":{"name":"x"}}', 'null'])(
    'takes %s in the cache for nothing',
    async (text) => {
      memory.values.set('p:1', text);
      expect(await reads.read('1', load('real'))).toEqual({ name: 'real' });
    },
  );

  test('does without the cache, and says whether a change is known to it', async () => {
    memory.failure = new Error('gone');
    expect(await reads.read('1', load('real'))).toEqual({ name: 'real' });
    expect(await reads.forget('1')).toBe(false);
    expect(outcomes).toEqual(['away']);
  });

  test('throws what the database throws', async () => {
    await expect(reads.read('1', () => Promise.reject(new Error('database')))).rejects.toThrow('database');
  });
});

describe('the login of the cache', () => {
  const user = (password: string, version: string) =>
    new SecretValue({ username: 'golive', password }, version, undefined);

  test('is read anew after it was refused, and only then', async () => {
    const refresh = jest.fn(() => Promise.resolve(user('new', 'two')));
    const secrets = { get: () => Promise.resolve(user('old', 'one')), refresh } as unknown as SecretsClient<{
      cache: { username: string; password: string };
    }>;
    const credentials = cacheCredentials(secrets, 'cache');
    if (credentials.provider.type !== 'async-credentials-provider') throw new Error('another provider');
    expect(await credentials.provider.credentials()).toEqual({ username: 'golive', password: 'old' });
    credentials.onError(new Error('read ECONNRESET'));
    expect(await credentials.provider.credentials()).toMatchObject({ password: 'old' });
    credentials.onError(new Error('WRONGPASS invalid username-password pair or user is disabled.'));
    expect(await credentials.provider.credentials()).toMatchObject({ password: 'new' });
    expect(refresh).toHaveBeenCalledWith('cache', { failedVersion: 'one' });
    // Secrets Manager is away: the copy is better than nothing.
    refresh.mockRejectedValueOnce(new Error('away'));
    expect(await credentials.provider.credentials()).toMatchObject({ password: 'old' });
  });
});
