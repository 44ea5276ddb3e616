import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { type CheckIns, createCheckIns } from '../../../../core/observability/jobs/check-ins';
import { createSentryDsn, type SentryDsn } from '../../../../core/observability/jobs/current-sentry-dsn';
import { checkInOf, startSentryStub, type SentryStub } from '../../../lambdas/shared/sentry-stub';

const PLENTY_MS = 60_000;
const MONITOR = {
  slug: 'golive-prod-backup-dump',
  environment: 'prod',
  dsnSecretName: 'golive/prod/sentry-dsn',
};

describe('checking in with Sentry', () => {
  const secrets = mockClient(SecretsManagerClient);
  const logger = { info: jest.fn(), warn: jest.fn() };
  let sentry: SentryStub;
  let checkIns: CheckIns;
  const arrived = () => sentry.envelopes.map(checkInOf);
  const checkInsOf = (currentDsn: SentryDsn) => createCheckIns({ logger, currentDsn });

  beforeEach(async () => {
    sentry = await startSentryStub();
    secrets.reset();
    secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: sentry.dsn }));
    logger.info.mockReset();
    logger.warn.mockReset();
    checkIns = checkInsOf(createSentryDsn({ logger }));
  });

  afterEach(() => sentry.close());

  /** What a Sentry that refuses, fails or is gone is warned of with, and that nothing of the DSN is in it. */
  const expectOneWarning = (fields: object) => {
    expect(logger.warn).toHaveBeenCalledTimes(1);
    expect(logger.warn).toHaveBeenCalledWith(expect.any(String), fields);
    const { host, username } = new URL(sentry.dsn);
    expect(JSON.stringify(logger.warn.mock.calls)).not.toContain(host);
    expect(JSON.stringify(logger.warn.mock.calls)).not.toContain(username);
  };

  test.each([403, 429, 500])(
    'an answer of %d fails nothing, is not tried again and is warned of once',
    async (status) => {
      sentry.answer = status;
      await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', PLENTY_MS);
      await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', PLENTY_MS);
      expect(sentry.envelopes).toHaveLength(2);
      expectOneWarning({ statusCode: status });
    },
  );

  test('a Sentry that is not there fails nothing and is warned of once', async () => {
    await sentry.close();
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', PLENTY_MS);
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('error', PLENTY_MS);
    expectOneWarning({ reason: 'ECONNREFUSED' });
  });

  test('a Sentry that hangs is given up after a second', async () => {
    sentry.answer = 'never';
    const began = performance.now();
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', PLENTY_MS);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(3_000);
    expectOneWarning({ reason: 'TimeoutError' });
  });

  test('a Sentry that hangs is given up earlier when the invocation has less time', async () => {
    sentry.answer = 'never';
    const began = performance.now();
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', 250);
    expect(performance.now() - began).toBeLessThan(900);
    expectOneWarning({ reason: 'TimeoutError' });
  });

  test('a secret that takes forever is given up with it', async () => {
    checkIns = checkInsOf(() => new Promise(() => undefined));
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', 250);
    expectOneWarning({ reason: 'TimeoutError' });
  });

  test('a secret that cannot be read fails nothing, and no more than its code is said', async () => {
    secrets
      .on(GetSecretValueCommand)
      .rejects(Object.assign(new Error('of golive/prod/sentry-dsn'), { name: 'AccessDeniedException' }));
    await checkIns.begin(MONITOR, 'begin-and-end', PLENTY_MS)?.end('ok', PLENTY_MS);
    expectOneWarning({ reason: 'AccessDeniedException' });
    expect(JSON.stringify(logger.warn.mock.calls)).not.toContain('golive/prod');
  });

  test.each([199, 0, -300])('with %d ms left none is sent', async (left) => {
    const run = checkIns.begin(MONITOR, 'begin-and-end', left);
    await run?.end('ok', left);
    expect(secrets.calls()).toHaveLength(0);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  test('while no DSN is set none is sent, which is said once', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{}' });
    await checkIns.begin(MONITOR, 'begin-and-end', PLENTY_MS)?.end('ok', PLENTY_MS);
    expect(logger.info).toHaveBeenCalledTimes(1);
    expect(logger.warn).not.toHaveBeenCalled();
    expect(sentry.envelopes).toEqual([]);
  });

  test('without a monitor nobody is asked', () => {
    expect(checkIns.begin(undefined, 'begin-and-end', PLENTY_MS)).toBeUndefined();
    expect(secrets.calls()).toHaveLength(0);
  });

  test('a run that has no end of time has a second for each', async () => {
    sentry.answer = 'never';
    const run = checkIns.begin(MONITOR, 'begin-and-end');
    await sentry.reached(1);
    const began = performance.now();
    await run?.end('ok');
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(sentry.envelopes).toHaveLength(2);
    expectOneWarning({ reason: 'TimeoutError' });
  });

  test('a reading of the secret that is given up keeps no process alive', async () => {
    const over = new AbortController();
    let signal: AbortSignal | undefined;
    const client = {
      send: (_: unknown, options?: { abortSignal: AbortSignal }) => (
        (signal = options?.abortSignal),
        new Promise(() => undefined)
      ),
    };
    const currentDsn = createSentryDsn({
      logger,
      secretsClient: () => client as unknown as SecretsManagerClient,
      signal: over.signal,
    });
    void currentDsn('golive/prod/sentry-dsn');
    over.abort();
    await Promise.resolve();
    expect(signal?.aborted).toBe(true);
  });

  test('what no schedule asked for reports nothing', () => {
    expect(checkIns.begin(MONITOR, 'nothing', PLENTY_MS)).toBeUndefined();
  });

  test('a beginning that is not answered when the job ends is given up for its end', async () => {
    sentry.answer = 'never';
    const run = checkIns.begin(MONITOR, 'begin-and-end', PLENTY_MS);
    await sentry.reached(1);
    sentry.answer = 202;
    await run?.end('ok', PLENTY_MS);
    expect(arrived().map(({ status }) => status)).toEqual(['in_progress', 'ok']);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  test('a job that ends while the secret is still being read reports its end, and the secret is read once', async () => {
    await checkIns.begin(MONITOR, 'begin-and-end', PLENTY_MS)?.end('ok', PLENTY_MS);
    expect(arrived().map(({ status }) => status)).toEqual(['ok']);
    expect(secrets.calls()).toHaveLength(1);
  });

  test.each(['ok', 'error'] as const)(
    'a run that ends with %s says so under the id that it began with',
    async (status) => {
      const run = checkIns.begin(MONITOR, 'begin-and-end', PLENTY_MS);
      await sentry.reached(1);
      await run?.end(status, PLENTY_MS);
      const [begun, ended] = arrived();
      expect(begun).toEqual({
        check_in_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        monitor_slug: 'golive-prod-backup-dump',
        status: 'in_progress',
        environment: 'prod',
      });
      expect(ended).toEqual({ ...begun, status, duration: expect.any(Number) as number });
      expect(ended?.['duration']).toBeLessThan(60);
      expect(logger.warn).not.toHaveBeenCalled();
    },
  );

  test('a run that is tried again is another one', async () => {
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('error', PLENTY_MS);
    await checkIns.begin(MONITOR, 'end', PLENTY_MS)?.end('ok', PLENTY_MS);
    const ids = arrived().map(({ check_in_id: id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test('of what reports failures alone, a success is not told', async () => {
    await checkIns.begin(MONITOR, 'failure', PLENTY_MS)?.end('ok', PLENTY_MS);
    await checkIns.begin(MONITOR, 'failure', PLENTY_MS)?.end('error', PLENTY_MS);
    expect(arrived()).toEqual([expect.objectContaining({ status: 'error' })]);
    expect(arrived()[0]).not.toHaveProperty('duration');
  });
});
