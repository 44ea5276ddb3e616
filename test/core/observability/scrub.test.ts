import fc from 'fast-check';
import { isSensitiveName, scrubbingReplacer, scrubText, scrubValue } from '../../../core/observability/scrub';

/** [what, text, the part that must be gone] */
const SECRETS: [string, string, string][] = [
  ['a connection string', 'connect postgres://golive:s3cr3t@db.internal:5432/shop', 's3cr3t'],
  ['a password with @ and / in a connection string', 'postgresql://u:p@ss/w0rd!@db:5432/shop', 'w0rd'],
  ['credentials in any URL', 'GET https://user:s3cr3t@example.com/path', 's3cr3t'],
  ['a Redis URL without a user', 'rediss://:s3cr3t@cache.internal:6379', 's3cr3t'],
  ['a Sentry DSN', 'https://0123456789abcdef@o1.ingest.sentry.io/42', '0123456789abcdef'],
  ["libpq's password", 'host=db password=s3cr3t dbname=shop', 's3cr3t'],
  ["libpq's quoted password", String.raw`host=db password='s3 \' cr3t' dbname=shop`, 'cr3t'],
  ['a password in a query string', 'https://api/x?user=a&password=s3cr3t', 's3cr3t'],
  ['PGPASSWORD', 'env PGPASSWORD=s3cr3t pg_dump', 's3cr3t'],
  ['JSON', '{"user":"a","password":"s3cr3t, with comma"}', 's3cr3t'],
  ['JSON inside JSON', JSON.stringify({ body: JSON.stringify({ clientSecret: 's3cr3t' }) }), 's3cr3t'],
  ['YAML', 'db_password: s3cr3t', 's3cr3t'],
  ["util.inspect's way", "{ apiKey: 's3cr3t' }", 's3cr3t'],
  ['an arrow', 'secret => s3cr3t', 's3cr3t'],
  ['a header', 'Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['a cookie', 'cookie: session=s3cr3t; theme=dark', 's3cr3t'],
  ['a bearer token', 'sent Bearer mF_9.B5f-4.1JqM there', 'mF_9'],
  ['a JWT', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4', 'SflKx'],
  ['an AWS access key id', 'key AKIAIOSFODNN7EXAMPLE denied', 'AKIAIOSFODNN7EXAMPLE'],
  ['a temporary access key id', 'key ASIAIOSFODNN7EXAMPLE denied', 'ASIAIOSFODNN7EXAMPLE'],
  ['an AWS secret access key', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalr'],
  [
    'a signed URL',
    'https://b.s3.amazonaws.com/k?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0',
    'fe5f80f7',
  ],
  ['a session token', `token ${'IQoJb3JpZ2luX2Vj/'.replace('_', 'x').repeat(20)}`, 'IQoJb3'],
  ['a GitHub token', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', '16C7e42F'],
  ['a Slack token', 'xoxb-123456789012-abcdefghijkl', 'abcdefghijkl'],
  ['a Slack webhook', 'POST https://hooks.slack.com/services/T000/B000/XXXXsecretXXXX', 'XXXXsecretXXXX'],
  [
    'a PagerDuty URL',
    'https://events.pagerduty.com/integration/0123456789abcdef/enqueue',
    '0123456789abcdef',
  ],
  [
    'a private key',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQ\n-----END RSA PRIVATE KEY-----',
    'MIIEpAIB',
  ],
  ['a cut private key', '-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQ', 'MIIEpAIB'],
  ['an e-mail address', 'row of jane.doe+shop@example.co.uk was refused', 'jane.doe'],
  ['an e-mail address in a URL', '/users?email=jane%40example.com', 'jane'],
  ['an e-mail address with other letters', 'an jörg@müller.de gesandt', 'jörg'],
  ['an e-mail address in a PostgreSQL detail', 'Key (email)=(jane@example.com) already exists.', 'jane'],
  ['a card number', 'paid with 4111111111111111', '4111111111111111'],
  ['a card number with spaces', 'paid with 5500 0000 0000 0004.', '0000 0004'],
  ['a card number with hyphens', 'paid with 3782-822463-10005', '822463'],
];

describe('scrubbing a text', () => {
  test.each(SECRETS)('%s goes', (_what, text, secret) => {
    expect(text).toContain(secret);
    expect(scrubText(text)).not.toContain(secret);
    expect(scrubText(text)).toContain('[redacted]');
  });

  test.each(SECRETS)('%s goes with anything around it, too', (_what, text, secret) => {
    const around = fc.string({ unit: fc.constantFrom(...'abz 09.,:;-_/=(){}[]\n"') });
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(scrubText(`${before} ${text} ${after}`)).not.toContain(secret);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    'password authentication failed for user "golive"',
    'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf',
    'could not read DATABASE_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf',
    'the snapshot prod-db-20260501t030000z ended as failed',
    's3://vault/dumps/shop/2026/05/01/20260501T030000Z/archive-1.pgdump',
    'commit 3f786850e387550fdab836ed7e6dc881de23001b',
    'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '2026-05-01T03:00:00.000Z took 1767225600000 ms, 4512345678 rows, 111122223333 bytes',
    'request 6f1a2c34-0000-4000-8000-000000000001 at /var/task/index.js:41:1123',
    'connect ECONNREFUSED 10.0.12.34:5432',
    'AccessDenied: allow the role to secretsmanager:GetSecretValue on it',
    'the secret arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf: AccessDeniedException',
    'GetSecretValue: ThrottlingException, tried 3 times',
    'ExpiredToken: The provided token has expired.',
    'InvalidAccessKeyId: The key that you provided does not exist',
    'SignatureDoesNotMatch: The signature that we calculated differs',
    'SELECT count(*) FROM "my schema"."order lines"',
  ])('what an operator needs stays: %s', (text) => {
    expect(scrubText(text)).toBe(text);
  });

  test('scrubbing twice is scrubbing once', () => {
    for (const [, text] of SECRETS) expect(scrubText(scrubText(text))).toBe(scrubText(text));
  });
});

describe('scrubbing a value', () => {
  test.each([
    'password',
    'DB_PASSWORD',
    'x-api-key',
    'accessToken',
    'Authorization',
    'set-cookie',
    'clientSecret',
  ])('whatever stands under %s goes', (name) => {
    expect(scrubValue({ [name]: { anything: 'at all' } })).toEqual({ [name]: '[redacted]' });
    expect(scrubValue({ [name]: 12345 })).toEqual({ [name]: '[redacted]' });
  });

  test.each(['DATABASE_SECRET_ARN', 'secretName', 'tokenCount', 'code', 'instanceResourceId'])(
    '%s is no secret',
    (name) => {
      expect(isSensitiveName(name)).toBe(false);
    },
  );

  test('nothing hides in depth, in keys, in errors, in their causes, or in a number', () => {
    const error = Object.assign(new Error('mail jane@example.com', { cause: new Error('pwd=s3cr3t') }), {
      detail: 'Key (card)=(4111111111111111)',
    });
    const scrubbed = JSON.stringify(
      scrubValue({
        list: [{ deep: { note: 'Bearer abcdef123456' } }],
        'jane@example.com': 1,
        error,
        card: 4111111111111111,
      }),
    );
    for (const secret of ['jane', 's3cr3t', '4111111111111111', 'abcdef123456'])
      expect(scrubbed).not.toContain(secret);
    expect(scrubbed).toContain('"name":"Error"');
  });

  test('cycles, binary data, functions and depth are named, not followed', () => {
    const loop: Record<string, unknown> = {
      data: Buffer.from('s3cr3t'),
      run: () => 1,
      at: new Date(0),
      big: 1n,
    };
    loop['self'] = loop;
    let deep: unknown = 's3cr3t';
    for (let level = 0; level < 20; level++) deep = { deep };
    loop['deep'] = deep;
    expect(JSON.stringify(scrubValue(loop))).not.toContain('s3cr3t');
    expect(scrubValue(loop)).toMatchObject({
      self: '[circular]',
      data: '[binary]',
      run: '[function]',
      at: '1970-01-01T00:00:00.000Z',
      big: '1',
    });
  });

  test('whatever it is given, the result is JSON and holds no planted secret', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withBigInt: true, withTypedArray: true }), (anything) => {
        const text = JSON.stringify(scrubValue({ anything, planted: ['password=s3cr3t'] }));
        expect(text).not.toContain('s3cr3t');
      }),
    );
  });

  test('the replacer for a logger scrubs the same things', () => {
    const line = JSON.stringify(
      {
        message: 'jane@example.com',
        password: 's3cr3t',
        data: Buffer.from('s3cr3t'),
        card: 4111111111111111,
        ok: true,
      },
      scrubbingReplacer,
    );
    expect(JSON.parse(line)).toEqual({
      message: '[redacted]',
      password: '[redacted]',
      data: '[binary]',
      card: '[redacted]',
      ok: true,
    });
  });
});
