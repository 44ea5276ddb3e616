import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { PassThrough } from 'node:stream';
import { alarmsTest, type AlarmsTestOptions } from '../../cli/alarms';
import { Console } from '../../cli/console';
import type { Environment } from '../../cli/environment';
import type { PathProof } from '../../core/alerting';
import { FakeProofs, OPERATIONS, outputOf } from '../core/alerting/fake-proofs';
import { MemoryS3 } from '../support/memory-s3';
import { operationsOf } from './operations';
import { golive } from './run-main';

async function test_(
  options: Partial<AlarmsTestOptions> = {},
  {
    figures = {},
    json = false,
    signal = new AbortController().signal,
  }: { figures?: Record<string, number>; json?: boolean; signal?: AbortSignal } = {},
) {
  const fake = new FakeProofs();
  fake.ends = { status: 'SUCCEEDED', output: outputOf('critical', figures) };
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => {
    const made = new PassThrough();
    made.on('data', (chunk: Buffer) => (written[name] += chunk.toString()));
    return made;
  };
  const streams = { stdout: stream('stdout'), stderr: stream('stderr'), stdin: new PassThrough(), env: {} };
  const s3 = new MemoryS3();
  const environment = {
    operations: operationsOf({ environment: 'prod' }),
    s3: s3.client(),
    sfn: fake.client,
    alerting: () => Promise.resolve(OPERATIONS),
    caller: () => Promise.resolve({ account: '1', arn: 'arn:aws:sts::1:assumed-role/op/ada', userId: 'u' }),
  } as unknown as Environment;
  const error: unknown = await alarmsTest(
    environment,
    new Console(streams as never, json),
    { severity: 'critical', yes: true, ...options },
    { signal, pauseMs: 1 },
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, fake, s3, ...written };
}

test('a test that arrived says so of every hop, and what cannot be seen from here', async () => {
  const { error, stdout, stderr, fake } = await test_();

  expect(error).toBeUndefined();
  expect(fake.started.map(({ input }) => input.alarmName)).toEqual(['golive-prod-critical-alerting-test']);
  expect(stderr).toContain('it sounds: three minutes to arrive …');
  expect(stdout).toMatch(
    /pagerduty │ PagerDuty took the ALARM +│ seen +│ 1 delivered, 0 failed, 0 tried again/,
  );
  expect(stdout).toMatch(/email +│ the topic passed it on +│ seen/);
  expect(stdout).toContain(
    'cannot be seen from here: whether PagerDuty called anybody, and whether a phone rang',
  );
  expect(stdout).toContain('the path of critical alarms of prod is proven, as far as it can be seen');
});

test('a test that was refused fails, says by which route, and where to read on', async () => {
  const { error, stdout } = await test_({}, { figures: { sound_failed_0: 1, sound_delivered_0: 0 } });

  expect(error).toMatchObject({
    code: 'PathNotProvenError',
    message: expect.stringMatching(/^a critical alarm does not reach everybody: pagerduty failed;/) as string,
  });
  expect(stdout).toMatch(/PagerDuty took the ALARM +│ failed/);
  expect(stdout).toContain('what to do:  docs/runbook.md#alerting-path-unproven');
});

test('a test that was not seen is no proof', async () => {
  const { error } = await test_({}, { figures: { sent_1: 0 } });

  expect(error).toMatchObject({
    code: 'PathNotProvenError',
    message: expect.stringMatching(
      /was not seen that a critical alarm arrives by email: metrics may be late/,
    ) as string,
  });
});

test('nobody is paged before somebody said yes', async () => {
  const { error, fake } = await test_({ yes: false });

  expect(error).toMatchObject({ code: 'NotConfirmedError' });
  expect(fake.started).toEqual([]);
});

test('a severity without a route is refused before anybody is asked', async () => {
  const { error, fake } = await test_({ severity: 'info', yes: false });

  expect(error).toMatchObject({ code: 'NoRouteError' });
  expect(fake.started).toEqual([]);
});

test('who stops looking does not stop the test', async () => {
  const { error } = await test_({}, { signal: AbortSignal.abort() });

  expect(error).toMatchObject({
    code: 'StoppedError',
    message: expect.stringContaining('the test goes on without us') as string,
  });
});

test('--json is one object, also when it failed', async () => {
  const { stdout } = await test_({}, { json: true, figures: { sound_failed_0: 1 } });
  const proof = JSON.parse(stdout) as PathProof;

  expect(proof).toMatchObject({
    environment: 'prod',
    severity: 'critical',
    status: 'failed',
    deadLetters: 0,
  });
});

test('each test leaves a record of who did it', async () => {
  const { s3 } = await test_();
  const records = [...s3.objects.keys()].filter((key) => key.includes('/audit/'));

  expect(records).toHaveLength(1);
});

describe('golive alarms test', () => {
  const ssm = mockClient(SSMClient);
  beforeEach(() => ssm.reset());
  afterAll(() => ssm.restore());

  test('wants a severity that there is', async () => {
    expect((await golive('alarms', 'test', '-e', 'prod')).exitCode).toBe(2);
    expect((await golive('alarms', 'test', '--severity', 'loud', '-e', 'prod')).exitCode).toBe(2);
  });

  test('in an environment without its stack says which to deploy, and ends with 2', async () => {
    ssm.on(GetParameterCommand).callsFake(({ Name }: { Name: string }) => {
      if (Name.endsWith('/alerting')) throw new ParameterNotFound({ message: 'no', $metadata: {} });
      return { Parameter: { Value: JSON.stringify(operationsOf({ environment: 'prod' })) } };
    });
    const { exitCode, stderr } = await golive('alarms', 'test', '--severity', 'critical', '-e', 'prod');

    expect(stderr).toContain('AlertingNotFoundError');
    expect(exitCode).toBe(2);
  });

  test('teaches what it does', async () => {
    const { stdout } = await golive('alarms', 'test', '--help');

    expect(stdout).toContain('It pages');
    expect(stdout).toContain('Whether a phone rang cannot be seen from here');
  });
});
