import { z } from 'zod';
import { defineRotation } from '../../../lambdas/shared/define-rotation';
import { lambdaContext } from '../shared/lambda-context';
import { checkInOf, type SentryStub, startSentryStub } from '../shared/sentry-stub';
import { watchHandler } from '../shared/watched-handler';
import { ALL_STEPS, RotatingSecret, runSteps, SECRET_ARN } from './rotating-secret';

// The double of Secrets Manager knows one secret, the one that is rotated.
let mockDsn = '';
jest.mock('../../../core/observability/jobs/current-sentry-dsn', () => ({
  createSentryDsn: () => () => Promise.resolve(mockDsn),
}));
jest.mock('../../../lambdas/shared/sentry-sink', () => ({
  createSentrySink: () => ({ send: () => Promise.resolve(true) }),
}));

describe('a rotation, of which Secrets Manager asks for one step after the other,', () => {
  watchHandler('secrets-rotate-example', {
    SECRET_ARN,
    SENTRY_DSN_SECRET_NAME: 'golive/prod/sentry-dsn',
    SENTRY_MONITOR_SLUG: 'golive-prod-secrets-rotate-example',
  });
  let sentry: SentryStub;
  const tryOut = jest.fn(() => Promise.resolve());

  beforeEach(async () => {
    sentry = await startSentryStub();
    mockDsn = sentry.dsn;
    handler = defineExample();
    tryOut.mockReset().mockResolvedValue();
  });

  afterEach(() => sentry.close());

  let handler: ReturnType<typeof defineExample>;
  const defineExample = () =>
    defineRotation({
      name: 'secrets/rotate-example',
      environment: z.object({ SECRET_ARN: z.string() }),
      strategy: () => ({
        schema: z.object({ password: z.string() }),
        create: () => Promise.resolve({ password: 'planted-pending-password' }),
        set: () => Promise.resolve(),
        test: tryOut,
      }),
    });
  const statuses = () => sentry.envelopes.map((envelope) => checkInOf(envelope)['status']);

  test('that fails in one of them checks in as failed', async () => {
    new RotatingSecret({ password: 'planted-current-password' });
    tryOut.mockRejectedValue(new Error('permission denied'));
    await expect(runSteps(handler, 'createSecret', 'setSecret', 'testSecret')).rejects.toThrow(
      'permission denied',
    );
    expect(statuses()).toEqual(['error']);
  });

  test('that is no rotation’s event checks in as nothing', async () => {
    await expect(handler({ SecretId: SECRET_ARN }, lambdaContext())).rejects.toMatchObject({
      code: 'InvalidEventError',
    });
    expect(sentry.envelopes).toEqual([]);
  });

  test('that is not over yet says nothing', async () => {
    new RotatingSecret({ password: 'planted-current-password' });
    await runSteps(handler, 'createSecret', 'setSecret', 'testSecret');
    expect(sentry.envelopes).toEqual([]);
  });

  test('checks in once when all of them are done', async () => {
    new RotatingSecret({ password: 'planted-current-password' });
    await runSteps(handler, ...ALL_STEPS);
    expect(statuses()).toEqual(['ok']);
    expect(sentry.envelopes.join()).not.toMatch(/planted-(current|pending)-password/);
  });
});
