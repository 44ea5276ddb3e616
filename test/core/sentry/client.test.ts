import { inspect } from 'node:util';
import * as z from 'zod';
import { sentryToken } from '../../../core/sentry';
import { nextCursor } from '../../../core/sentry/api/pages';
import { exhaustedWait, waitBeforeRetry } from '../../../core/sentry/api/retry';
import { apiOf } from '../../support/sentry-api/api';
import { SentryApiDouble } from '../../support/sentry-api/double';

const Anything = z.looseObject({});

let sentry: SentryApiDouble;
let waits: number[];

beforeEach(async () => {
  sentry = await SentryApiDouble.start();
  waits = [];
});
afterEach(() => sentry.stop());

const api = (change: Parameters<typeof apiOf>[2] = {}) => apiOf(sentry, waits, change);

const read = (client = api()) => client.get('/projects/my-company/golive/', Anything);

describe('a read that fails', () => {
  test.each([500, 502, 503, 504, 408, 'lost' as const])(
    'by %s is repeated, each time later',
    async (answer) => {
      sentry.faults.push({ when: /^GET/, answer, times: 3 });
      await expect(read()).resolves.toMatchObject({ slug: 'golive' });
      expect(waits).toEqual([500, 1000, 2000]);
    },
  );

  test('five times is given up, and says where to look', async () => {
    sentry.faults.push({ when: /^GET/, answer: 503, times: 99 });
    await expect(read()).rejects.toMatchObject({
      code: 'SentryUnavailableError',
      retryable: true,
      message: expect.stringMatching(
        /GET \/projects\/my-company\/golive\/ in 5 attempts \(a fault of the double\).*status\.sentry\.io/,
      ) as string,
    });
    expect(sentry.calls).toHaveLength(5);
  });

  test('because Sentry does not answer is given up in time', async () => {
    sentry.faults.push({ when: /^GET/, answer: 'never', times: 99 });
    await expect(read(api({ timeoutMs: 20 }))).rejects.toThrow(/in 5 attempts \(TimeoutError/);
  });

  test('because nobody is there says so', async () => {
    const { url } = sentry;
    await sentry.stop();
    await expect(read(api({ url }))).rejects.toThrow(/ECONNREFUSED/);
    sentry = await SentryApiDouble.start();
  });
});

describe('rate limits', () => {
  test('a refused call waits for as long as Retry-After says, a POST as well', async () => {
    sentry.faults.push({ when: /^POST/, answer: 429, headers: { 'retry-after': '7' }, times: 2 });
    const monitor = {
      project: 'golive',
      name: 'golive/prod/backup-dump',
      config: { schedule_type: 'crontab', schedule: '0 2 * * *' },
    };
    await api().change('POST', '/organizations/my-company/monitors/', monitor, Anything);
    expect(waits).toEqual([7000, 7000]);
    expect(sentry.monitors).toHaveLength(1);
  });

  test('a limit that is longer than we wait is not waited for', async () => {
    sentry.faults.push({ when: /^GET/, answer: 429, headers: { 'retry-after': '3600' }, times: 1 });
    await expect(read()).rejects.toThrow(/in 1 attempt \(a fault of the double\)/);
    expect(waits).toEqual([]);
  });

  test('once a window is used up, the next call waits for the next one', async () => {
    let now = 1_000_000_000_000;
    const headers = {
      'x-sentry-rate-limit-remaining': '0',
      'x-sentry-rate-limit-reset': String(now / 1000 + 12),
    };
    const answers = [new Response('{}', { headers }), new Response('{}')];
    const client = api({
      fetch: () => Promise.resolve(answers.shift() as Response),
      now: () => now,
      sleep: (ms) => {
        now += ms;
        return Promise.resolve(waits.push(ms));
      },
    });
    await client.get('/a/', Anything);
    expect(waits).toEqual([]);
    await client.get('/a/', Anything);
    expect(waits).toEqual([12_000]);
  });

  const decision = (status: number, headers: Record<string, string>, isRepeatable = true) =>
    waitBeforeRetry(
      { status, headers: new Headers(headers) },
      { attempt: 2, isRepeatable, now: 1_000_000, random: 0.5 },
    );

  test.each([
    ['seconds', 429, { 'retry-after': '3' }, 3000],
    ['a date', 429, { 'retry-after': new Date(1_000_000 + 9000).toUTCString() }, 9000],
    ['a date that has passed', 429, { 'retry-after': new Date(0).toUTCString() }, 0],
    ['the next window', 429, { 'x-sentry-rate-limit-reset': '1004' }, 4000],
    ['a window with a fraction', 429, { 'x-sentry-rate-limit-reset': '1000.5' }, 500],
    ['a window that began', 429, { 'x-sentry-rate-limit-reset': '2' }, 0],
    ['nonsense', 429, { 'retry-after': 'soon', 'x-sentry-rate-limit-reset': 'later' }, 1500],
    ['nothing', 429, {}, 1500],
    ['a fault', 500, { 'retry-after': '3' }, 1500],
    ['no answer', 0, {}, 1500],
    ['a refusal', 400, {}, undefined],
    ['a right that is missing', 403, { 'retry-after': '3' }, undefined],
  ])('%s: %d', (_what, status, headers, wait) => {
    expect(decision(status, headers as Record<string, string>)).toBe(wait);
  });

  test('what must not be done twice is not repeated after a fault, and after a limit it is', () => {
    expect(decision(500, {}, false)).toBeUndefined();
    expect(decision(0, {}, false)).toBeUndefined();
    expect(decision(429, {}, false)).toBe(1500);
  });

  test('there is something left unless Sentry says otherwise', () => {
    const left = (remaining: string) =>
      exhaustedWait(
        new Headers({ 'x-sentry-rate-limit-remaining': remaining, 'x-sentry-rate-limit-reset': '1004' }),
        1_000_000,
      );
    expect(left('1')).toBeUndefined();
    expect(left('0')).toBe(4000);
    expect(exhaustedWait(new Headers(), 0)).toBeUndefined();
  });
});

describe('a refusal', () => {
  test.each([
    [401, 'SentryUnauthorizedError', /with the scopes org:read, project:read, project:write, alerts:read/],
    [403, 'SentryForbiddenError', /it needs the scope project:read/],
    [404, 'SentryNotFoundError', /https:\/\/de\.sentry\.io for the European Union/],
    [400, 'SentryRefusedError', /look at what it names in sentryRules/],
    [302, 'SentryRefusedError', /302/],
  ])('of %d is %s and is not repeated', async (answer, code, message) => {
    sentry.faults.push({
      when: /^GET/,
      answer,
      headers: { location: 'https://elsewhere.example/' },
      times: 1,
    });
    await expect(read()).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(sentry.calls).toHaveLength(1);
  });

  test('says which fields Sentry refused', async () => {
    const alert = { name: 'x', config: { frequency: 7 } };
    await expect(
      api().change('POST', '/organizations/my-company/workflows/', alert, Anything),
    ).rejects.toThrow(/400: .*config\.frequency: Invalid option/);
    const settings = api().change('PUT', '/projects/my-company/golive/', { unknown: 1 }, Anything);
    await expect(settings).rejects.toThrow(/nonFieldErrors: Unrecognized key: "unknown"/);
  });

  test('never holds the token, in whatever way it is looked at', async () => {
    const { token } = sentry;
    sentry.faults.push({ when: /^GET/, answer: 401, times: 1 });
    const client = api();
    const error = await read(client).catch((thrown: unknown) => thrown);
    const seen = [
      inspect(error, { depth: 9 }),
      inspect(client, { depth: 9, showHidden: true }),
      JSON.stringify(client),
    ];
    expect(seen.join('')).not.toContain(token);
  });
});

describe('an answer', () => {
  test('that is not what is documented says what is wrong with it', async () => {
    await expect(api().get('/organizations/my-company/', z.object({ slug: z.number() }))).rejects.toThrow(
      /otherwise than it is documented \(slug: /,
    );
  });

  test('that is no JSON does, too', async () => {
    const client = api({ fetch: () => Promise.resolve(new Response('<html>')) });
    await expect(client.get('/a/', Anything)).rejects.toMatchObject({ code: 'SentryAnswerError' });
  });
});

describe('a list', () => {
  test('whose pages do not end is not read for ever', async () => {
    const link = '<https://x>; rel="next"; results="true"; cursor="0:1:0"';
    const client = api({ fetch: () => Promise.resolve(new Response('[]', { headers: { link } })) });
    await expect(client.list('/a/', Anything)).rejects.toThrow(/the pages of \/a\/ do not end/);
  });

  test.each([
    [null, undefined],
    ['', undefined],
    ['<https://x>; rel="next"; results="false"; cursor="0:100:0"', undefined],
    ['<https://x>; rel="previous"; results="true"; cursor="0:0:1"', undefined],
    [
      '<https://x?a=1,2>; rel="previous"; results="true"; cursor="0:0:1", <https://x?a=1,2>; rel="next"; results="true"; cursor="0:100:0"',
      '0:100:0',
    ],
  ])('%j: %j', (link, cursor) => {
    expect(nextCursor(link)).toBe(cursor);
  });
});

test('whoever stops it ends what is under way, and lets nothing more begin', async () => {
  const stopped = new AbortController();
  sentry.faults.push({ when: /^GET/, answer: 'never', times: 99 });
  const reading = read(api({ signal: stopped.signal }));
  stopped.abort(new Error('stopped by Ctrl-C'));
  await expect(reading).rejects.toThrow('stopped by Ctrl-C');
});

describe('the token', () => {
  test('is read from SENTRY_AUTH_TOKEN, and shown by nothing', () => {
    const token = sentryToken({ SENTRY_AUTH_TOKEN: ' sntryu_abc\n' });
    expect(token.reveal()).toBe('sntryu_abc');
    expect(`${inspect(token)}${String(token)}`).not.toContain('abc');
  });

  test.each([
    [{}, /set SENTRY_AUTH_TOKEN to a token .* with the scopes org:read/],
    [{ SENTRY_AUTH_TOKEN: '  ' }, /set SENTRY_AUTH_TOKEN/],
    [{ SENTRY_AUTH_TOKEN: 'sntryu_a\r\nX-Header: b' }, /cannot be a token/],
  ])('is missed: %j', (env, message) => {
    expect(() => sentryToken(env)).toThrow(message);
    expect(() => sentryToken(env)).not.toThrow(/sntryu_a/);
  });
});
