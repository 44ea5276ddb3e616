import { SSMClient, GetParameterCommand, ParameterNotFound } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { PassThrough } from 'node:stream';
import { Console } from '../../cli/console';
import { UnhealthyError } from '../../cli/errors';
import { servicesStatus } from '../../cli/services';
import type { ServicesReport } from '../../core/services';
import { digest, FakeService, NOW } from '../core/services/fake-service';
import { operationsOf } from './operations';
import { golive } from './run-main';

const ssm = mockClient(SSMClient);

beforeEach(() => ssm.reset());
afterAll(() => ssm.restore());

async function status(change: Partial<FakeService> = {}, { json = false } = {}) {
  const fake = Object.assign(new FakeService(), change);
  let stdout = '';
  const [out, stderr] = [new PassThrough(), new PassThrough()];
  out.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const streams = { stdout: out, stderr, stdin: new PassThrough(), env: {} };
  const error = await servicesStatus(
    { services: () => Promise.resolve(fake.operations), ecs: fake.client },
    new Console(streams as never, json),
    () => NOW,
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, stdout };
}

test('a deployment that ECS took back fails, and says what runs, why, and what to do', async () => {
  const { error, stdout } = await status({
    revision: 11,
    tasks: [{ revision: 11 }, { revision: 11 }],
    deployments: [
      { revision: 12, status: 'ROLLBACK_SUCCESSFUL', hoursAgo: 1, isBrokenByCircuit: true },
      { revision: 11, status: 'SUCCESSFUL', hoursAgo: 30 },
    ],
  });

  expect(error).toBeInstanceOf(UnhealthyError);
  expect(error).toMatchObject({
    status: 'critical',
    message: expect.stringMatching(/^the services of prod are not in order: gateway \(critical\)/) as string,
  });
  expect(stdout).toMatch(
    /gateway +│ critical +│ 2 of 2 +│ gateway:12 +│ gateway:11 .*rollback successful, 1 h 0 min ago/,
  );
  expect(stdout).toContain(
    'critical: gateway: ECS runs gateway:11, and the stack deployed gateway:12, which ECS took back',
  );
  expect(stdout).toContain('what to do:  docs/runbook.md#a-deployment-did-not-arrive');
});

test('a deployment that goes on is a warning: it has not arrived yet', async () => {
  const { error } = await status({ deployments: [{ revision: 12, status: 'IN_PROGRESS', hoursAgo: 0 }] });
  expect(error).toMatchObject({ status: 'warning' });
});

test('what arrived is told in a line', async () => {
  const { error, stdout } = await status();
  expect(error).toBeUndefined();
  expect(stdout).toMatch(
    /gateway +│ ok +│ 2 of 2 +│ gateway:12 +│ gateway:12 +│ c0ffee +│ successful, 3 h 0 min ago/,
  );
  expect(stdout).toContain('what was deployed to prod is what runs, in 1 service');
});

test('--json is one object, also when something is wrong', async () => {
  const { error, stdout } = await status({ running: 1 }, { json: true });
  const report = JSON.parse(stdout) as ServicesReport;

  expect(error).toMatchObject({ status: 'warning' });
  expect(report).toMatchObject({
    environment: 'prod',
    observedAt: NOW.toISOString(),
    status: 'warning',
    services: [{ name: 'gateway', tasks: { desired: 2, running: 1 }, findings: [{ code: 'too-few-tasks' }] }],
  });
  expect(report.services[0]!.images![0]!.digest).toBe(digest('a'));
});

describe('golive services', () => {
  test('teaches what its exit code says', async () => {
    const help = await golive('services', 'status', '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/Exit code 0 only when every service runs what its stack deployed/);
    expect((await golive('--help')).stdout).toMatch(/golive services status: 4 warning, 5 critical/);
  });

  test('is not run in the task, which has no right to it', async () => {
    const refused = await golive('services', 'status', '--in-task', '-e', 'prod');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/run golive services status here/);
  });

  test.each([
    [
      'are not deployed here',
      new ParameterNotFound({ message: 'no', $metadata: {} }),
      /"prod" are not deployed in this account/,
    ],
    [
      'may not be seen',
      Object.assign(new Error('no'), { name: 'AccessDeniedException' }),
      /ask for ssm:GetParameter/,
    ],
    ['were written by another version', '{"servicesVersion":2}', /written by another version of GoLive/],
  ])('whose services %s says so', async (_, answer, message) => {
    ssm
      .on(GetParameterCommand, { Name: '/golive/prod/operations' })
      .resolves({ Parameter: { Value: JSON.stringify(operationsOf({ environment: 'prod' })) } });
    const services = ssm.on(GetParameterCommand, { Name: '/golive/prod/services' });
    if (typeof answer === 'string') services.resolves({ Parameter: { Value: answer } });
    else services.rejects(answer);

    const refused = await golive('services', 'status', '-e', 'prod');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^ServicesNotFoundError: /);
    expect(refused.stderr).toMatch(message);
  });
});
