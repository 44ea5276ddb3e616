import { captureError, startObservability } from '@golive/observability';
import { getGlobalScope } from '../../../services/observability/node_modules/@sentry/node';
import { eventOf, startSentryStub } from '../../lambdas/shared/sentry-stub';

/** One of each kind of thing that must not leave, as it would turn up. */
const PLANTED = {
  'a password': 'correct-horse-battery',
  'a connection string': 'postgres://golive:pg-s3cr3t%2F@db.prod.internal:5432/shop?sslmode=verify-full',
  'an access key id': 'AKIAIOSFODNN7EXAMPLE',
  'a JWT': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r',
  'a bearer token': 'Bearer mF_9.B5f-4.1JqM',
  'an e-mail address': 'jane.doe+shop@example.co.uk',
  'a card number': '4111 1111 1111 1111',
} as const;
const MUST_NOT_LEAVE = [
  ...Object.values(PLANTED),
  'pg-s3cr3t',
  'mF_9.B5f',
  'jane.doe',
  '4111111111111111',
  'eyJzdWIi',
];
const everything = `password=${Object.values(PLANTED).join(' ; ')}`;

describe('the envelope that leaves', () => {
  test('nothing planted leaves by any door', async () => {
    const sentry = await startSentryStub();
    const observability = await startObservability({
      service: 'gateway',
      version: '1.2.3',
      environment: 'prod',
      otel: { enabled: false, endpoint: '', sampleRatio: 1 },
      sentry: { dsn: sentry.dsn, exitOnUncaught: false },
    });
    const scope = getGlobalScope();
    scope.setUser({ id: '1', email: PLANTED['an e-mail address'], ip_address: '203.0.113.9' });
    scope.setExtra('everything', everything);
    scope.setTag('note', everything);
    scope.setTag('route', everything);
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

    captureError(error, { component: everything, tags: { [everything]: everything, code: everything } });
    await observability.shutdown();
    await sentry.close();

    const wire = sentry.envelopes.join();
    expect(MUST_NOT_LEAVE.filter((planted) => wire.includes(planted))).toEqual([]);
    expect(wire).not.toMatch(
      /203\.0\.113\.9|host-with-a-name|"vars"|"request"|"extra"|"breadcrumbs"|"note"|context_line|attachment/,
    );
    // The proof that the event did arrive with its content, scrubbed rather than lost.
    const redactedValue = { value: expect.stringContaining('[redacted]') as string };
    expect(eventOf(sentry.envelopes[0])).toMatchObject({
      tags: { service: 'gateway', component: expect.stringContaining('[redacted]') as string },
      exception: { values: [redactedValue, redactedValue] },
    });
  });
});
