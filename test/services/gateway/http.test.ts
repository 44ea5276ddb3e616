import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { alertRules } from '../../../core/sentry/desired/rules';
import { TokenInvalidError, UnknownKeyError } from '../../../core/secrets/key-ring';
import { kit, type ErrorReport } from '../../../services/observability/src/kit';
import { answerProblem } from '../../../services/gateway/src/http/answer-problem';
import { addressGroup, clientAddress } from '../../../services/gateway/src/http/client-address';
import { names, refuseUnseen } from '../../../services/gateway/src/http/entity-tag';
import { limitHeaders, refuseExceeded } from '../../../services/gateway/src/http/limit-headers';
import { PROBLEMS, ProblemError, problemDocument } from '../../../services/gateway/src/http/problem';
import { problemOf } from '../../../services/gateway/src/http/request-problem';
import { pathOf } from '../../../services/gateway/src/http/trace-id';
import { slugOf } from '../../../services/gateway/src/projects/shapes';

describe('who makes a request', () => {
  const from = (forwarded: string | string[] | undefined, remoteAddress = '10.0.0.5') =>
    clientAddress({
      headers: { 'x-forwarded-for': forwarded },
      socket: { remoteAddress },
    } as unknown as IncomingMessage);

  test.each([
    ['nobody in between', undefined, '10.0.0.5'],
    ['the load balancer', '203.0.113.9', '203.0.113.9'],
    ['a client that names another', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a client that sends the header twice', ['1.1.1.1', '2.2.2.2, 203.0.113.9'], '203.0.113.9'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['what is no address', '1.1.1.1, unknown', '10.0.0.5'],
    ['an empty one', '', '10.0.0.5'],
  ])('%s', (_, forwarded, expected) => {
    expect(from(forwarded)).toBe(expected);
  });

  test('an IPv4 address in IPv6 clothes is that IPv4 address', () => {
    expect(from(undefined, '::ffff:10.1.2.3')).toBe('10.1.2.3');
  });

  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });
});

describe('a problem', () => {
  test('has a type, and one status and title for each kind', () => {
    for (const kind of Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[]) {
      const document = problemDocument(new ProblemError(kind, 'Why.'), { path: '/a', traceId: 't' });
      const [status, title] = PROBLEMS[kind];
      expect(document).toEqual({
        type: `tag:golive.example,2026:problem/${kind}`,
        title,
        status,
        detail: 'Why.',
        instance: '/a',
        traceId: 't',
      });
    }
  });

  test.each([
    ['something unforeseen', new TypeError('x of undefined at SELECT * FROM users'), 'internal-error'],
    ['what is no error', 'a text', 'internal-error'],
    [
      'too large a body',
      Object.assign(new Error(), { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }),
      'too-large',
    ],
    [
      'another media type',
      Object.assign(new Error(), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }),
      'unsupported-media-type',
    ],
    [
      'anything that is the client’s fault',
      Object.assign(new Error(), { statusCode: 400 }),
      'invalid-request',
    ],
    [
      'a database that is away',
      Object.assign(new Error('no'), { code: 'DatabaseConnectionError' }),
      'unavailable',
    ],
    ['a database that hangs up', new Error('Connection terminated unexpectedly'), 'unavailable'],
    [
      'a statement that took too long',
      Object.assign(new Error('x'), { cause: { originalCode: '57014' } }),
      'unavailable',
    ],
    [
      'a lock that was not to be had',
      Object.assign(new Error('x'), { meta: { driverAdapterError: { cause: { originalCode: '55P03' } } } }),
      'unavailable',
    ],
    [
      'a statement that is wrong',
      Object.assign(new Error('x'), { cause: { originalCode: '42601' } }),
      'internal-error',
    ],
  ])('%s is told as it may be told', (_, error, kind) => {
    const problem = problemOf(error);
    expect(problem.kind).toBe(kind);
    expect(problem.message).not.toMatch(/SELECT|undefined/);
    expect(problem.headers['retry-after']).toBe(kind === 'unavailable' ? '5' : undefined);
  });

  test('names a path and nothing of what stands behind it', () => {
    expect(pathOf('/api/v1/projects?token=secret#x')).toBe('/api/v1/projects');
    expect(pathOf(`/${'a'.repeat(5_000)}`)).toHaveLength(200);
  });
});

describe('of what ends a request, Sentry hears', () => {
  afterEach(() => void (kit.reporter = undefined));

  function reportedOf(error: unknown): ErrorReport[] {
    const reports: ErrorReport[] = [];
    kit.reporter = {
      report: (report) => void reports.push(report),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const log = { error: () => undefined, warn: () => undefined };
    const reply: Record<string, unknown> = {};
    for (const step of ['code', 'headers', 'type', 'serializer', 'send']) reply[step] = () => reply;
    answerProblem(error, { url: '/api', log } as unknown as FastifyRequest, reply as unknown as FastifyReply);
    return reports;
  }

  const unknownKey = new UnknownKeyError('0123', 'no such key');
  test.each([
    ['what nobody foresaw', new TypeError('x'), { code: undefined, component: 'gateway' }],
    [
      'a token by a key that is none of ours',
      new ProblemError('not-signed-in', 'Sign in.', { cause: unknownKey }),
      { 'auth.failure': 'unknown_kid', component: 'auth', code: 'UnknownKeyError' },
    ],
    [
      'a login that the database refuses',
      Object.assign(new Error('refused'), { code: 'DatabaseAuthenticationError' }),
      { 'db.auth': '28P01', component: 'database', code: 'DatabaseAuthenticationError' },
    ],
    [
      'the same as Prisma tells it',
      Object.assign(new Error('refused'), { cause: { originalCode: '28P01' } }),
      { 'db.auth': '28P01', component: 'database' },
    ],
  ])('of %s', (_, error, tags) => {
    const reports = reportedOf(error);
    expect(reports.map((report) => report.tags)).toEqual([
      Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined)),
    ]);
  });

  test('what its rule on refused credentials waits for', () => {
    const rule = alertRules({} as never).find(({ name }) => name === 'credentials-refused');
    const tags = rule?.when
      .flat()
      .flatMap(({ type, comparison }) => (type === 'tagged_event' ? [comparison] : []));
    expect(tags).toMatchObject([
      { key: 'auth.failure', value: 'unknown_kid' },
      { key: 'db.auth', value: '28P01' },
    ]);
  });

  test.each([
    ['a token that is forged', new ProblemError('not-signed-in', 'x', { cause: new TokenInvalidError('x') })],
    ['a database that is away', Object.assign(new Error('no'), { code: 'DatabaseConnectionError' })],
    ['what is not there', new ProblemError('not-found', 'Nothing.')],
  ])('nothing of %s', (_, error) => {
    expect(reportedOf(error)).toEqual([]);
  });
});

describe('the limits', () => {
  const state = (name: string, isExceeded: boolean, resetSeconds = 30) => ({
    policy: { name, points: 5, seconds: 60 },
    remaining: isExceeded ? 0 : 3,
    resetSeconds,
    isExceeded,
  });

  test('stand in the headers, each by its name', () => {
    expect(limitHeaders([state('address', false), state('user', true, 7)])).toEqual({
      'ratelimit-policy': '"address";q=5;w=60, "user";q=5;w=60',
      ratelimit: '"address";r=3;t=30, "user";r=0;t=7',
    });
  });

  test('let through, or say after how long: when all of them do', () => {
    expect(() => refuseExceeded([state('a', false)])).not.toThrow();
    const states = [state('a', true, 7), state('b', true, 40), state('c', false, 90)];
    expect(() => refuseExceeded(states)).toThrow(
      expect.objectContaining({ kind: 'rate-limited', headers: { 'retry-after': '40' } }) as Error,
    );
  });
});

test.each([
  ['"3"', true],
  ['W/"3"', true],
  ['"1", "3"', true],
  ['*', true],
  ['"33"', false],
  ['3', false],
  ['', false],
])('an entity tag "3" is among %s: %s', (header, expected) => {
  expect(names(header, '"3"')).toBe(expected);
  const kindOf = (): string => {
    try {
      refuseUnseen(header, 3);
      return 'changed';
    } catch (error) {
      return (error as ProblemError).kind;
    }
  };
  expect(kindOf()).toBe(expected ? 'changed' : 'precondition-failed');
});

test.each([
  ['Größe & Co', 'grosse-co'],
  ['  Über-Shop 2.0 ', 'uber-shop-2-0'],
  ['日本', ''],
  [`a${'-b'.repeat(60)}`, `a${'-b'.repeat(31)}`],
])('the slug of %s is "%s"', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
  expect(slugOf(name).length).toBeLessThanOrEqual(63);
});
