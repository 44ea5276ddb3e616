import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { FakeProofs, OPERATIONS, outputOf } from '../../core/alerting/fake-proofs';
import { lambdaContext } from '../shared/lambda-context';
import { scheduledEvent, watchHandler } from '../shared/watched-handler';

const ssm = mockClient(SSMClient);

describe('the heartbeat function', () => {
  const { printed, metrics } = watchHandler('alerting-heartbeat', {
    HEARTBEAT_WEEK_DAY: '2',
    HEARTBEAT_HOUR: '9',
  });
  let fake: FakeProofs;
  beforeEach(() => {
    fake = new FakeProofs();
    ssm.reset();
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: JSON.stringify(OPERATIONS) } });
  });
  const invoke = async (event: unknown) => {
    const { handler } = await import('../../../lambdas/alerting/heartbeat/handler');
    return handler(event, lambdaContext());
  };

  test('without routes to read fails, and is counted', async () => {
    ssm.on(GetParameterCommand).rejects(new ParameterNotFound({ message: 'no', $metadata: {} }));
    await expect(invoke(scheduledEvent('2026-12-01T09:05:00Z'))).rejects.toMatchObject({
      code: 'AlertingNotFoundError',
    });
    expect(metrics()).toMatchObject({ FunctionFailures: 1 });
  });

  test('sends in its hour, and tells how long ago each path was proven', async () => {
    fake.executions = ['critical', 'warning'].map((severity) => ({
      name: `heartbeat-${severity}-20261124T09`,
      status: 'SUCCEEDED',
      stopDate: new Date('2026-11-24T09:05:00Z'),
      output: outputOf(severity as 'critical'),
    }));
    await expect(invoke(scheduledEvent('2026-12-01T09:05:00Z'))).resolves.toEqual({
      severities: [
        { severity: 'critical', sent: true, hoursSinceProof: 168 },
        { severity: 'warning', sent: true, hoursSinceProof: 168 },
      ],
    });
    expect(metrics()).toMatchObject({
      HoursSincePathProven: 168,
      severity: 'warning',
      AlertingTest: 0,
      FunctionFailures: 0,
    });
    expect(printed()).toContain('a heartbeat was sent by every route of critical');
  });

  test('between its hours sends nothing, and tells all the same', async () => {
    fake.executions = [
      { name: 'heartbeat-critical-20261201T09', status: 'RUNNING' },
      { name: 'heartbeat-warning-20261201T09', status: 'RUNNING' },
    ];
    await invoke(scheduledEvent('2026-12-03T17:05:00Z'));
    expect(fake.started).toEqual([]);
    expect(metrics()).toMatchObject({ HoursSincePathProven: 10_000, AlertingTest: 0 });
  });
});
