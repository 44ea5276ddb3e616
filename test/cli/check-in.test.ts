import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import type { DrillProcess } from '../../cli/drill';
import { DrillNotPassedError } from '../../cli/errors';
import { checkInOf, type SentryStub, startSentryStub } from '../lambdas/shared/sentry-stub';
import { operationsOf } from './operations';
import { goliveWith } from './run-main';

const mockDrill = jest.fn((_process: DrillProcess) => Promise.resolve());
jest.mock('../../cli/drill', () => ({
  drill: (_environment: unknown, _output: unknown, _options: unknown, process: DrillProcess) =>
    mockDrill(process),
}));

const IN_TASK = { GOLIVE_ENV: 'prod', SENTRY_DSN_SECRET_NAME: 'golive/prod/sentry-dsn' };
const SCHEDULED = ['--check-in', 'golive-prod-backup-drill', 'drill', '--json'];

describe('a command that a schedule runs', () => {
  const secrets = mockClient(SecretsManagerClient);
  const ssm = mockClient(SSMClient);
  let sentry: SentryStub;
  const arrived = () => sentry.envelopes.map(checkInOf);
  const statuses = () => arrived().map(({ status }) => status);
  const scheduled = (env: NodeJS.ProcessEnv = IN_TASK) => goliveWith(env, ...SCHEDULED);

  beforeEach(async () => {
    sentry = await startSentryStub();
    ssm.reset();
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: JSON.stringify(operationsOf()) } });
    secrets.reset();
    secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: sentry.dsn }));
    // Long enough for its beginning to be told: otherwise the end alone is.
    mockDrill.mockReset().mockImplementation(() => sentry.reached(1));
  });

  afterEach(() => sentry.close());

  /** What is said of a Sentry that is not there, in one line, and that nothing of the DSN is in it. */
  const expectOneLine = (stderr: string, line: string) => {
    expect(stderr).toBe(`${line}\n`);
    const { host, username } = new URL(sentry.dsn);
    expect(stderr).not.toContain(host);
    expect(stderr).not.toContain(username);
  };

  test.each([403, 429, 500])('is not failed by an answer of %d, which is said once', async (status) => {
    sentry.answer = status;
    const { exitCode, stderr } = await scheduled();
    expect(exitCode).toBe(0);
    expect(statuses()).toEqual(['in_progress', 'ok']);
    expectOneLine(stderr, `Sentry did not take a check-in of this job, statusCode ${status}`);
  });

  test('is not failed by a Sentry that is not there, which is said once', async () => {
    await sentry.close();
    mockDrill.mockResolvedValue();
    const { exitCode, stderr } = await scheduled();
    expect(exitCode).toBe(0);
    expectOneLine(stderr, 'a check-in of this job did not reach Sentry, reason ECONNREFUSED');
  });

  test('is held up by a second at most when Sentry hangs', async () => {
    sentry.answer = 'never';
    let done = 0;
    mockDrill.mockImplementation(async () => {
      await sentry.reached(1);
      done = performance.now();
    });
    const { exitCode, stderr } = await scheduled();
    expect(performance.now() - done).toBeGreaterThan(900);
    expect(performance.now() - done).toBeLessThan(3_000);
    expect(exitCode).toBe(0);
    expectOneLine(stderr, 'a check-in of this job did not reach Sentry, reason TimeoutError');
  });

  test('is not failed by a secret that may not be read, of which the code alone is said', async () => {
    secrets
      .on(GetSecretValueCommand)
      .rejects(Object.assign(new Error('of golive/prod/sentry-dsn'), { name: 'AccessDeniedException' }));
    mockDrill.mockResolvedValue();
    const { exitCode, stderr } = await scheduled();
    expect(exitCode).toBe(0);
    expectOneLine(stderr, 'a check-in of this job did not reach Sentry, reason AccessDeniedException');
  });

  test('tells nobody while no DSN is set, which is said once', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{}' });
    mockDrill.mockResolvedValue();
    const { exitCode, stderr } = await scheduled();
    expect(exitCode).toBe(0);
    expect(sentry.envelopes).toEqual([]);
    expectOneLine(stderr, 'Sentry is off: its DSN is not set. Set it with: golive secrets set sentry-dsn');
  });

  test('tells nobody where it does not know the secret, which is said', async () => {
    mockDrill.mockResolvedValue();
    const { exitCode, stderr } = await scheduled({ GOLIVE_ENV: 'prod' });
    expect(exitCode).toBe(0);
    expect(secrets.calls()).toEqual([]);
    expectOneLine(stderr, 'Sentry is told nothing of this run, as SENTRY_DSN_SECRET_NAME is not set');
  });

  test('checks in as failed when it fails, and ends with its own exit code and words', async () => {
    mockDrill.mockImplementation(async () => {
      await sentry.reached(1);
      throw new DrillNotPassedError('drill 7 ended as failed');
    });
    const failed = await scheduled();
    expect(failed).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'DrillNotPassedError: drill 7 ended as failed\n',
    });
    expect(statuses()).toEqual(['in_progress', 'error']);
  });

  test('checks in as failed when it never came to its work', async () => {
    ssm.on(GetParameterCommand).rejects(new Error('away'));
    expect((await scheduled()).exitCode).toBe(2);
    expect(statuses().at(-1)).toBe('error');
    expect(mockDrill).not.toHaveBeenCalled();
  });

  test('checks in as failed when its own options are not understood', async () => {
    expect((await goliveWith(IN_TASK, ...SCHEDULED, '--no-such-option')).exitCode).toBe(2);
    expect(statuses().at(-1)).toBe('error');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'checks in as failed as soon as %s stops it, before it has put away what it made',
    async (signal) => {
      let toldWhilePuttingAway: unknown[] = [];
      mockDrill.mockImplementation(async (drilling) => {
        await sentry.reached(1);
        process.emit(signal);
        await sentry.reached(2);
        toldWhilePuttingAway = statuses();
        drilling.signal.throwIfAborted();
      });
      expect((await scheduled()).exitCode).toBe(1);
      expect(toldWhilePuttingAway).toEqual(['in_progress', 'error']);
      expect(statuses()).toEqual(['in_progress', 'error']);
    },
  );

  test('that goes on although it was stopped stays failed: Step Functions says so, too', async () => {
    mockDrill.mockImplementation(async () => {
      await sentry.reached(1);
      process.emit('SIGTERM');
    });
    expect((await scheduled()).exitCode).toBe(0);
    expect(statuses()).toEqual(['in_progress', 'error']);
  });

  test('tells its monitor of its beginning and its end, in its environment', async () => {
    expect(await scheduled()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const [begun, ended] = arrived();
    expect(begun).toEqual({
      check_in_id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      monitor_slug: 'golive-prod-backup-drill',
      status: 'in_progress',
      environment: 'prod',
    });
    expect(ended).toEqual({ ...begun, status: 'ok', duration: expect.any(Number) as number });
  });
});

describe('a command that a person runs', () => {
  const secrets = mockClient(SecretsManagerClient);

  beforeEach(() => {
    secrets.reset();
    mockClient(SSMClient)
      .on(GetParameterCommand)
      .resolves({ Parameter: { Value: JSON.stringify(operationsOf()) } });
    mockDrill.mockReset().mockResolvedValue();
  });

  test('reads no DSN and says nothing of Sentry, also in the task', async () => {
    expect(await goliveWith(IN_TASK, 'drill')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(secrets.calls()).toEqual([]);
  });

  test('is not sent to the task with a monitor: what a schedule alone says is refused', async () => {
    const refused = await goliveWith(IN_TASK, '--in-task', ...SCHEDULED);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('leave it out with --in-task');
    expect(secrets.calls()).toEqual([]);
    expect(mockDrill).not.toHaveBeenCalled();
  });

  test('is taught nothing of it', async () => {
    expect((await goliveWith({}, '--help')).stdout).not.toContain('check-in');
  });
});
