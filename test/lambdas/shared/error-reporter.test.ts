import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { getGlobalScope } from '@sentry/aws-serverless';
import { mockClient } from 'aws-sdk-client-mock';
import { createErrorReporter, type ErrorReporter } from '../../../lambdas/shared/error-reporter';
import { createSentryDsn } from '../../../core/observability/jobs/current-sentry-dsn';
import { eventOf, startSentryStub, type SentryStub } from './sentry-stub';

const SECRET_NAME = 'golive/prod/sentry-dsn';
const DETAILS = { code: 'SnapshotQuotaError', requestId: 'r-1', timeoutMs: 5_000 };

/** One of each kind of thing that must not leave, as it would turn up. */
const PLANTED = {
  'a password': 'correct-horse-battery',
  'a connection string': 'postgres://golive:pg-s3cr3t%2F@db.prod.internal:5432/shop?sslmode=verify-full',
  'an access key id': 'AKIAIOSFODNN7EXAMPLE',
  'a secret access key': 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'a JWT': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r',
  'a bearer token': 'Bearer mF_9.B5f-4.1JqM',
  'an e-mail address': 'jane.doe+shop@example.co.uk',
  'a card number': '4111 1111 1111 1111',
} as const;

/** The parts that give the thing away even when the rest around it is cut. */
const MUST_NOT_LEAVE = [
  ...Object.values(PLANTED),
  'pg-s3cr3t',
  'mF_9.B5f',
  'jane.doe',
  '4111111111111111',
  '1111 1111',
  'eyJzdWIi',
];
const everything = `password=${Object.values(PLANTED).join(' ; ')}`;

describe('reporting an error to Sentry', () => {
  const before = { ...process.env };
  const secrets = mockClient(SecretsManagerClient);
  const logger = { info: jest.fn(), warn: jest.fn() };
  let sentry: SentryStub;
  let reporter: ErrorReporter;
  const reporterOf = (functionName: string) =>
    createErrorReporter({ functionName, logger, currentDsn: createSentryDsn({ logger }) });

  beforeEach(async () => {
    sentry = await startSentryStub();
    secrets.reset();
    secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: sentry.dsn }));
    logger.info.mockReset();
    logger.warn.mockReset();
    process.env = { ...before, SENTRY_DSN_SECRET_NAME: SECRET_NAME, GOLIVE_ENVIRONMENT: 'prod' };
    reporter = reporterOf('backup/snapshot');
  });

  afterEach(async () => {
    process.env = before;
    getGlobalScope().clear();
    jest.restoreAllMocks();
    await sentry.close();
  });

  test('a secret that cannot be read breaks nothing and is warned of once', async () => {
    secrets.on(GetSecretValueCommand).rejects(new Error('AccessDeniedException'));
    await reporter.report(new Error('first'), DETAILS);
    await reporter.report(new Error('second'), DETAILS);
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(sentry.envelopes).toEqual([]);
  });

  test('the secret of the environment is asked for by its name', async () => {
    await reporter.report(new Error('first'), DETAILS);
    expect(secrets.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input)).toEqual([
      { SecretId: SECRET_NAME },
    ]);
  });

  test.each([
    ['was never set', '{}'],
    ['is empty', ' '],
    ['is no URL', 'generated-Pa55word!'],
    ['is a URL without a key', 'https://Pa55word.example/42'],
    ['is JSON without a DSN', '{"password":"Pa55word!"}'],
    ['is broken JSON', '{"dsn":"Pa55word!'],
  ])('a DSN that %s turns Sentry off: said once, with what to do and without the value', async (_, value) => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: value });
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_767_225_600_000);
    await reporter.report(new Error('first'), DETAILS);
    now.mockReturnValue(1_767_225_600_000 + 301_000); // the secret is read again
    await reporter.report(new Error('second'), DETAILS);
    expect(logger.info.mock.calls).toEqual([
      ['Sentry is off: its DSN is not set. Set it with: golive secrets set sentry-dsn', {}],
    ]);
    expect(logger.warn).not.toHaveBeenCalled();
    expect(sentry.envelopes).toEqual([]);
  });

  test('a DSN that is set while the function lives is used, without a deployment', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{}' });
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_767_225_600_000);
    await reporter.report(new Error('first'), DETAILS);
    secrets.on(GetSecretValueCommand).resolves({ SecretString: sentry.dsn });
    now.mockReturnValue(1_767_225_600_000 + 301_000);
    await reporter.report(new Error('second'), DETAILS);
    expect(sentry.envelopes).toHaveLength(1);
  });

  test('without a secret Sentry is off and nobody is asked', async () => {
    delete process.env['SENTRY_DSN_SECRET_NAME'];
    await reporter.report(new Error('first'), DETAILS);
    expect(secrets.calls()).toHaveLength(0);
  });

  test('a Sentry that never answers does not hold the function up beyond its patience', async () => {
    sentry.answer = 'never';
    await reporter.report(new Error('first'), { ...DETAILS, timeoutMs: 50 });
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  test('a Sentry that refuses is warned of', async () => {
    sentry.answer = 403;
    await reporter.report(new Error('first'), DETAILS);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  test('no time left means no report, and still no failure', async () => {
    await expect(reporter.report(new Error('late'), { ...DETAILS, timeoutMs: -5 })).resolves.toBeUndefined();
  });

  test('an error of a rotation carries what Sentry’s rule of rotations looks for', async () => {
    const rotation = reporterOf('secrets/rotate-app');
    await rotation.report(new Error('refused'), DETAILS);
    expect(eventOf(sentry.envelopes[0])).toMatchObject({ tags: { component: 'rotation' } });
  });

  test('the error arrives with what is needed to find it', async () => {
    await reporter.report(new TypeError('the vault is full'), DETAILS);
    expect(sentry.envelopes).toHaveLength(1);
    expect(eventOf(sentry.envelopes[0])).toMatchObject({
      level: 'error',
      environment: 'prod',
      tags: {
        function: 'backup/snapshot',
        component: 'backup',
        code: 'SnapshotQuotaError',
        requestId: 'r-1',
      },
      exception: {
        values: [
          {
            type: 'TypeError',
            value: 'the vault is full',
            stacktrace: {
              frames: expect.arrayContaining([
                expect.objectContaining({
                  filename: expect.stringContaining('error-reporter.test') as string,
                }),
              ]) as unknown[],
            },
          },
        ],
      },
    });
    expect(logger.warn).not.toHaveBeenCalled();
  });

  test('the DSN may lie in a JSON secret', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ dsn: sentry.dsn }) });
    await reporter.report(new Error('first'), DETAILS);
    expect(sentry.envelopes).toHaveLength(1);
  });

  test('the secret is read once in five minutes, and a new DSN is followed', async () => {
    const now = jest.spyOn(Date, 'now');
    const start = 1_767_225_600_000;
    now.mockReturnValue(start);
    await reporter.report(new Error('one'), DETAILS);
    await reporter.report(new Error('two'), DETAILS);
    expect(secrets.calls()).toHaveLength(1);

    const replacement = await startSentryStub();
    secrets.on(GetSecretValueCommand).resolves({ SecretString: replacement.dsn });
    now.mockReturnValue(start + 301_000);
    await reporter.report(new Error('three'), DETAILS);
    await replacement.close();
    expect(sentry.envelopes).toHaveLength(2);
    expect(replacement.envelopes).toHaveLength(1);
  });

  test('no trace is sent, even when the environment asks for traces', async () => {
    process.env['SENTRY_TRACES_SAMPLE_RATE'] = '1';
    process.env['SENTRY_DSN'] = 'http://feedbeef@127.0.0.1:9/1';
    await reporter.report(new Error('first'), DETAILS);
    expect(sentry.envelopes.join()).not.toMatch(/"type":"(transaction|span|session|log|client_report)"/);
    expect(sentry.envelopes.join()).not.toContain('sample_rate');
  });

  test('nothing planted leaves by any door', async () => {
    const scope = getGlobalScope();
    scope.setUser({ id: '1', email: PLANTED['an e-mail address'], ip_address: '203.0.113.9' });
    scope.setExtra('everything', everything);
    scope.setTag('note', everything);
    scope.setTag('db_password', PLANTED['a password']);
    scope.setContext('database', { url: PLANTED['a connection string'], note: everything });
    scope.addBreadcrumb({ category: 'sql', message: everything, data: { note: everything } });
    scope.setFingerprint([everything]);
    scope.addAttachment({ filename: 'env.txt', data: everything });
    scope.addEventProcessor((event) => {
      event.request = {
        url: `https://api.example.com/login?note=${everything}`,
        headers: { authorization: PLANTED['a bearer token'], cookie: everything },
        query_string: everything,
        cookies: { session: everything },
        data: everything,
        env: { PGPASSWORD: PLANTED['a password'] },
      };
      event.server_name = 'host-with-a-name';
      event.transaction = everything;
      event.modules = { [everything]: '1' };
      for (const exception of event.exception?.values ?? []) {
        for (const frame of exception.stacktrace?.frames ?? []) {
          frame.vars = { note: everything, password: PLANTED['a password'] };
          frame.context_line = everything;
          frame.pre_context = [everything];
          frame.post_context = [everything];
        }
        if (exception.mechanism) exception.mechanism.data = { note: everything };
      }
      return event;
    });
    const error = Object.assign(new Error(everything, { cause: new Error(everything) }), {
      note: everything,
    });
    error.name = `Error ${PLANTED['an e-mail address']}`;

    await reporter.report(error, { ...DETAILS, requestId: everything });

    expect(sentry.envelopes).toHaveLength(1);
    const wire = sentry.envelopes.join();
    expect(MUST_NOT_LEAVE.filter((planted) => wire.includes(planted))).toEqual([]);
    expect(wire).not.toMatch(/203\.0\.113\.9|host-with-a-name|"vars"|"request"|"user"|"extra"|context_line/);
    // The proof that the event did arrive with its content, scrubbed rather than lost.
    expect(JSON.stringify(eventOf(wire))).toContain('[redacted]');
    expect(eventOf(wire)).toMatchObject({
      breadcrumbs: [{ category: 'sql' }],
      tags: { db_password: '[redacted]' },
    });
  });
});
