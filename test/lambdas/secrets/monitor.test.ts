import {
  DescribeSecretCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ListClustersCommand } from '@aws-sdk/client-ecs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { ecsFault, FakeEcs, OTHER_SECRET, SECRET } from '../../core/secrets/pick-up/fake-ecs';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

const ssm = mockClient(SSMClient);
const secretsManager = mockClient(SecretsManagerClient);

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

describe('the monitor of the secrets', () => {
  const { printed, metrics } = watchHandler('secrets-monitor', { GOLIVE_ENVIRONMENT: 'test' });
  let ecs: FakeEcs;

  beforeEach(() => {
    ecs = new FakeEcs();
    ssm.reset();
    secretsManager.reset();
    ssm.on(GetParameterCommand, { Name: '/golive/test/secrets' }).resolves({
      Parameter: {
        Value: JSON.stringify({
          secretsVersion: 1,
          environment: 'test',
          secrets: [
            { name: 'app', arn: SECRET, kind: 'alternating-user', rotationDays: 30 },
            { name: 'slack', arn: OTHER_SECRET, kind: 'set-by-people' },
          ],
          clusters: [],
        }),
      },
    });
    setAge(10);
  });

  /** Of both secrets. */
  const setAge = (days: number) => {
    secretsManager
      .on(DescribeSecretCommand)
      .resolves({ CreatedDate: daysAgo(100), RotationEnabled: true, NextRotationDate: daysAgo(days - 30) });
    secretsManager.on(ListSecretVersionIdsCommand).resolves({
      Versions: [{ VersionId: 'v2', CreatedDate: daysAgo(days), VersionStages: ['AWSCURRENT'] }],
    });
  };

  const invoke = async () => {
    const { handler } = await import('../../../lambdas/secrets/monitor/handler');
    return handler(scheduledEvent(), lambdaContext());
  };

  /** `{ 'rotation-overdue': 2, … }` */
  const severities = () => Object.fromEntries(printedMetrics('SecretsHealth', 'check'));
  const printedMetrics = (name: string, dimension: string): [string, number][] =>
    printed()
      .split('\n')
      .filter((line) => line.startsWith('{"_aws"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => name in line)
      .map((line) => [String(line[dimension]), Number(line[name])]);

  test('an environment that is not deployed fails the invocation', async () => {
    ssm.on(GetParameterCommand).rejects(ecsFault('ParameterNotFound'));
    await expect(invoke()).rejects.toMatchObject({ code: 'SecretsNotFoundError' });
    expect(metrics()).toMatchObject({ FunctionFailures: 1, code: 'SecretsNotFoundError' });
  });

  test('what it may not see is measured as not in order, and said', async () => {
    ecs.mock.on(ListClustersCommand).rejects(ecsFault('AccessDeniedException'));
    await expect(invoke()).resolves.toMatchObject({ status: 'warning' });
    expect(severities()).toMatchObject({ 'not-picked-up': 1, 'rotation-overdue': 0 });
    expect(printed()).toContain('not-picked-up is not-run: 0 of 2 not picked up, 2 unknown');
  });

  test('an old secret is critical, and its age is measured by its name', async () => {
    setAge(40);
    await expect(invoke()).resolves.toMatchObject({ status: 'critical' });
    expect(severities()).toMatchObject({ 'rotation-overdue': 2 });
    const ages = Object.fromEntries(printedMetrics('SecretAgeDays', 'secret'));
    expect(ages['app']).toBeCloseTo(40, 2);
    expect(Object.keys(ages)).toEqual(['app', 'slack']);
  });

  test('all well: every check is measured, and nothing is warned of', async () => {
    await expect(invoke()).resolves.toMatchObject({ status: 'ok' });
    expect(severities()).toEqual({
      'rotation-overdue': 0,
      'rotation-stuck': 0,
      'key-ring-next': 0,
      'not-picked-up': 0,
      'unset-value': 0,
    });
    expect(printed()).not.toContain('"level":"WARN"');
  });
});
