import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { z } from 'zod';
import { GoLiveError } from '../../../core/shared/errors';
import { defineHandler } from '../../../lambdas/shared/define-handler';
import { ScheduledEvent } from '../../../lambdas/shared/scheduled-event';
import { lambdaContext } from './lambda-context';
import { checkInOf, type SentryStub, startSentryStub } from './sentry-stub';

// What it sends is tested where the reporter is; loading the SDK takes seconds here.
const mockSend = jest.fn(() => Promise.resolve(true));
jest.mock('../../../lambdas/shared/sentry-sink', () => ({ createSentrySink: () => ({ send: mockSend }) }));

class VaultFullError extends GoLiveError {
  readonly code = 'VaultFullError';
  override readonly retryable = true;
}

const ENVIRONMENT = {
  GOLIVE_ENVIRONMENT: 'test',
  POWERTOOLS_SERVICE_NAME: 'backup-example',
  POWERTOOLS_METRICS_NAMESPACE: 'GoLive',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  // Lets the Powertools write to the console that we watch, metrics included.
  POWERTOOLS_DEV: 'true',
  POWERTOOLS_METRICS_DISABLED: 'false',
  DATABASE_NAME: 'shop',
};

const SCHEDULED = {
  id: 'e1',
  time: '2026-05-01T03:00:00Z',
  source: 'aws.events',
  'detail-type': 'Scheduled Event',
  resources: ['arn:aws:events:eu-west-1:111122223333:rule/nightly'],
  detail: { comment: 'must-not-be-logged' },
};

describe('defineHandler', () => {
  const before = { ...process.env };
  let printed: string[];

  beforeEach(() => {
    process.env = { ...before, ...ENVIRONMENT };
    printed = [];
    for (const level of ['debug', 'info', 'warn', 'error', 'log'] as const) {
      jest
        .spyOn(console, level)
        .mockImplementation((...line: unknown[]) => void printed.push(line.map(String).join(' ')));
    }
  });

  afterEach(() => {
    jest.restoreAllMocks();
    process.env = before;
  });

  type Run = Parameters<typeof defineExample>[0];
  const defineExample = (run: (invocation: { event: ScheduledEvent; deadline: Date }) => Promise<object>) =>
    defineHandler({
      name: 'backup/example',
      environment: z.object({ DATABASE_NAME: z.string().min(1), VAULT_BUCKET: z.string().min(1).optional() }),
      event: ScheduledEvent,
      run,
    });
  const invoke = (run: Run, event: unknown = SCHEDULED, context: Context = lambdaContext()) =>
    defineExample(run)(event, context);
  const failing = (error: unknown): Run => jest.fn().mockRejectedValue(error);
  const logs = () => printed.map((line) => JSON.parse(line) as Record<string, unknown>);
  const metric = (name: string) => logs().filter((line) => '_aws' in line && name in line);

  test('a wrong environment is refused before anything runs, and every bad variable is named', async () => {
    delete process.env['DATABASE_NAME'];
    process.env['VAULT_BUCKET'] = '';
    process.env['POWERTOOLS_LOG_LEVEL'] = 'LOUD';
    const run = jest.fn();
    await expect(invoke(run)).rejects.toMatchObject({
      name: 'InvalidEnvironmentError',
      code: 'InvalidEnvironmentError',
      message: expect.stringMatching(/POWERTOOLS_LOG_LEVEL.*DATABASE_NAME.*VAULT_BUCKET/) as string,
    });
    expect(run).not.toHaveBeenCalled();
  });

  test.each([
    ['null', null],
    ['a text', 'now'],
    [
      'another event of EventBridge',
      { ...SCHEDULED, 'detail-type': 'RDS DB Instance Event', source: 'aws.rds' },
    ],
    ['a scheduled event without its time', { ...SCHEDULED, time: undefined }],
    ['a time that is none', { time: 'yesterday' }],
    ['a time in the future', { time: '2999-01-01T00:00:00Z' }],
    ['a misspelt time', { tme: '2026-05-01T03:00:00Z' }],
  ])('%s is refused with a named error', async (_what, event) => {
    const run = jest.fn();
    await expect(invoke(run, event)).rejects.toMatchObject({ code: 'InvalidEventError' });
    expect(run).not.toHaveBeenCalled();
  });

  test('a failure is logged with its code, counted, and rethrown, never returned', async () => {
    await expect(invoke(failing(new VaultFullError('no room; buy a bigger vault')))).rejects.toMatchObject({
      name: 'VaultFullError',
      code: 'VaultFullError',
      retryable: true,
      message: 'no room; buy a bigger vault',
    });
    expect(logs()).toContainEqual(expect.objectContaining({ level: 'ERROR', code: 'VaultFullError' }));
    expect(metric('FunctionFailures')).toEqual([
      expect.objectContaining({ FunctionFailures: 1, service: 'backup-example' }),
    ]);
    expect(metric('FunctionFailuresByCode')).toEqual([
      expect.objectContaining({ FunctionFailuresByCode: 1, code: 'VaultFullError' }),
    ]);
  });

  test('what was measured before the failure is still published', async () => {
    const handler = defineHandler({
      name: 'backup/example',
      environment: z.object({}),
      event: ScheduledEvent,
      run: ({ metrics }) => {
        metrics.addMetric('BytesRead', 'Bytes', 7);
        return Promise.reject(new Error('then it broke'));
      },
    });
    await expect(handler(SCHEDULED, lambdaContext())).rejects.toThrow('then it broke');
    expect(metric('BytesRead')).toHaveLength(1);
  });

  test('what is no error is a failure too', async () => {
    await expect(invoke(failing('just a text'))).rejects.toThrow('just a text');
  });

  test('neither the log nor the rethrown error carries a secret, not even in a cause or a property', async () => {
    const planted = Object.assign(
      new Error('connect postgres://admin:s3cr3t-pw@db.internal/shop failed', {
        cause: new Error('user jane.doe@example.com was refused'),
      }),
      { password: 'hunter2-plain', headers: { authorization: 'Bearer abcdef0123456789' } },
    );
    const thrown = await invoke(failing(planted)).catch((error: unknown) => error);
    const seen = printed.join('\n') + JSON.stringify(thrown) + String(thrown) + (thrown as Error).stack;
    for (const secret of ['s3cr3t-pw', 'hunter2-plain', 'abcdef0123456789', 'jane.doe@example.com']) {
      expect(seen).not.toContain(secret);
    }
    expect(Object.keys(thrown as object).sort()).toEqual(['code', 'name']);
  });

  test('a run that outlives its time is stopped and reported while there is time for it', async () => {
    let aborted = false;
    const handler = defineHandler({
      name: 'backup/example',
      environment: z.object({}),
      event: ScheduledEvent,
      run: ({ signal }) =>
        new Promise<object>(() => signal.addEventListener('abort', () => (aborted = true))),
    });
    await expect(handler(SCHEDULED, lambdaContext({ remainingMs: 3_001 }))).rejects.toMatchObject({
      code: 'FunctionTimeoutError',
      retryable: true,
    });
    expect(aborted).toBe(true);
    expect(metric('FunctionFailures')).toHaveLength(1);
  });

  test('on success the result is returned, a zero is counted, and the event is not logged', async () => {
    const run = jest.fn<Promise<object>, [{ event: ScheduledEvent; deadline: Date }]>(() =>
      Promise.resolve({ taken: true }),
    );
    await expect(invoke(run)).resolves.toEqual({ taken: true });
    expect(run.mock.calls[0]?.[0]).toMatchObject({
      environment: { DATABASE_NAME: 'shop' },
      shared: { GOLIVE_ENVIRONMENT: 'test' },
      event: { trigger: 'schedule', scheduledFor: new Date('2026-05-01T03:00:00Z'), eventId: 'e1' },
    });
    expect(metric('FunctionFailures')).toEqual([expect.objectContaining({ FunctionFailures: 0 })]);
    expect(printed.join('\n')).not.toContain('must-not-be-logged');
  });

  test('the deadline is when Lambda would end the process', async () => {
    let deadline: Date | undefined;
    const now = Date.now();
    await invoke(
      (invocation) => {
        deadline = invocation.deadline;
        return Promise.resolve({});
      },
      SCHEDULED,
      lambdaContext({ remainingMs: 900_000 }),
    );
    expect((deadline?.getTime() ?? 0) - now).toBeGreaterThanOrEqual(900_000);
  });

  test('outside Lambda nothing is traced, and nothing complains that it is not', async () => {
    delete process.env['AWS_XRAY_DAEMON_ADDRESS'];
    process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs24.x';
    await invoke(() => Promise.resolve({}));
    expect(printed.filter((line) => /x-?ray|segment/i.test(line))).toEqual([]);
  });

  test('on demand means now unless a time is given', async () => {
    const events: ScheduledEvent[] = [];
    const run: Run = ({ event }) => {
      events.push(event);
      return Promise.resolve({});
    };
    const before = Date.now();
    await invoke(run, {});
    await invoke(run, { time: '2026-05-01T05:00:00+02:00', reason: 'before the migration' });
    expect(events[0]?.scheduledFor.getTime()).toBeGreaterThanOrEqual(before);
    expect(events[1]).toEqual({
      trigger: 'on-demand',
      scheduledFor: new Date('2026-05-01T03:00:00Z'),
      reason: 'before the migration',
    });
  });

  describe('with a cron monitor', () => {
    const secrets = mockClient(SecretsManagerClient);
    let sentry: SentryStub;

    beforeEach(async () => {
      sentry = await startSentryStub();
      mockSend.mockClear();
      secrets.on(GetSecretValueCommand).resolves({ SecretString: sentry.dsn });
      process.env['SENTRY_DSN_SECRET_NAME'] = 'golive/test/sentry-dsn';
      process.env['SENTRY_MONITOR_SLUG'] = 'golive-test-backup-example';
    });

    afterEach(async () => {
      secrets.reset();
      await sentry.close();
    });

    const statuses = () => sentry.envelopes.map((envelope) => checkInOf(envelope)['status']);
    /** A run that lasts until Sentry knows that it has begun. */
    const begun =
      (end: () => Promise<object> = () => Promise.resolve({ taken: true })): Run =>
      async () => {
        await sentry.reached(1);
        return await end();
      };

    test('a failure keeps its error, and is reported as one and as the end of the run', async () => {
      const failure = begun(() => Promise.reject(new VaultFullError('no room; buy a bigger vault')));
      await expect(invoke(failure)).rejects.toMatchObject({ code: 'VaultFullError' });
      expect(statuses()).toEqual(['in_progress', 'error']);
      expect(mockSend).toHaveBeenCalledTimes(1);
    });

    test('a wrong environment is the end of a run, too', async () => {
      delete process.env['DATABASE_NAME'];
      await expect(invoke(jest.fn())).rejects.toMatchObject({ code: 'InvalidEnvironmentError' });
      expect(statuses()).toContain('error');
    });

    test.each([429, 'never'] as const)(
      'a Sentry that answers %s changes neither result nor error',
      async (answer) => {
        sentry.answer = answer;
        await expect(invoke(() => Promise.resolve({ taken: true }))).resolves.toEqual({ taken: true });
        await expect(
          invoke(failing(new VaultFullError('no room; buy a bigger vault'))),
        ).rejects.toMatchObject({
          code: 'VaultFullError',
        });
        expect(metric('FunctionFailures').map((line) => line['FunctionFailures'])).toEqual([0, 1]);
        expect(printed.join('\n')).not.toContain(new URL(sentry.dsn).username);
      },
    );

    test('a run that outlives its time is an error', async () => {
      await expect(
        invoke(() => new Promise<object>(() => undefined), SCHEDULED, lambdaContext({ remainingMs: 3_300 })),
      ).rejects.toMatchObject({ code: 'FunctionTimeoutError' });
      expect(statuses()).toContain('error');
    });

    test('near the end of its time nothing is sent', async () => {
      let remaining = 60_000;
      const context = { ...lambdaContext(), getRemainingTimeInMillis: () => remaining };
      const late = begun(() => {
        remaining = 400;
        return Promise.resolve({});
      });
      await invoke(late, SCHEDULED, context);
      expect(statuses()).toEqual(['in_progress']);
    });

    test('the work does not wait for the check-in', async () => {
      sentry.answer = 'never';
      const run = jest.fn<Promise<object>, []>(() => {
        expect(sentry.envelopes).toEqual([]);
        return Promise.resolve({});
      });
      await invoke(run);
      expect(run).toHaveBeenCalledTimes(1);
    });

    test('a success is the end of the run', async () => {
      await expect(invoke(begun())).resolves.toEqual({ taken: true });
      expect(statuses()).toEqual(['in_progress', 'ok']);
      expect(checkInOf(sentry.envelopes[1])).toMatchObject({
        monitor_slug: 'golive-test-backup-example',
        environment: 'test',
      });
    });

    test.each([
      ['a person', { reason: 'before the migration' }],
      ['another event', { ...SCHEDULED, 'detail-type': 'RDS DB Instance Event', source: 'aws.rds' }],
    ])('what %s begins is not the schedule’s run', async (_who, event) => {
      await invoke(() => Promise.resolve({}), event).catch(() => undefined);
      expect(sentry.envelopes).toEqual([]);
    });
  });
});
