import {
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';
import { answerInbox } from '../shared/answer-inbox';

const revision = (number: number, family = 'prodServicesMigrations') =>
  `arn:aws:ecs:eu-west-1:111122223333:task-definition/${family}:${number}`;
const REQUEST = '3d1f2c34-0000-4000-8000-00000000000a';

describe('the function that begins the migrations', () => {
  const watched = watchHandler('services-migrate', {
    STATE_MACHINE_ARN: 'arn:machine',
    ANSWER_URL_SECRET_ARN: 'arn:urls',
  });
  const inbox = answerInbox();
  const secrets = mockClient(SecretsManagerClient);
  const sfn = mockClient(SFNClient);

  beforeEach(() => {
    secrets.reset();
    sfn.reset();
    secrets.on(PutSecretValueCommand).resolves({});
    sfn.on(StartExecutionCommand).resolves({ executionArn: 'arn:execution' });
  });

  const invoke = async (RequestType: string, more: Record<string, unknown> = {}) => {
    const { handler } = await import('../../../lambdas/services/migrate/handler');
    return await handler(
      {
        RequestType,
        ResponseURL: inbox.url(),
        StackId: 'arn:stack',
        RequestId: REQUEST,
        LogicalResourceId: 'Migrated',
        ...(RequestType !== 'Create' && { PhysicalResourceId: 'Migrated-1' }),
        ResourceProperties: { ServiceToken: 'arn', ServiceTimeout: '3600', TaskDefinition: revision(12) },
        ...more,
      },
      lambdaContext(),
    );
  };
  const update = (before: string, after: string) =>
    invoke('Update', {
      ResourceProperties: { TaskDefinition: after },
      OldResourceProperties: { TaskDefinition: before },
    });
  const started = () =>
    sfn.commandCalls(StartExecutionCommand).map(({ args: [{ input }] }) => ({
      ...input,
      input: JSON.parse(input.input ?? '') as unknown,
    }));

  test.each([
    [
      'the state machine cannot be started',
      () =>
        sfn
          .on(StartExecutionCommand)
          .rejects(Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' })),
      'AccessDeniedException: not allowed',
    ],
    [
      'the URL cannot be kept',
      () =>
        secrets
          .on(PutSecretValueCommand)
          .rejects(new ResourceNotFoundException({ message: 'gone', $metadata: {} })),
      'ResourceNotFoundException: gone',
    ],
  ])('when %s, the deployment fails at once and says why', async (_, prepare, said) => {
    prepare();
    await expect(invoke('Create')).rejects.toMatchObject({ code: 'MigrationNotBegunError' });
    expect(inbox.answers()).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        Reason: expect.stringMatching(`${said}; nothing was changed`) as string,
        PhysicalResourceId: expect.stringMatching(/^never-made-/) as string,
      }),
    ]);
  });

  test('what is no task definition is refused, and nothing is begun', async () => {
    await expect(
      invoke('Create', { ResourceProperties: { TaskDefinition: 'gateway' } }),
    ).rejects.toMatchObject({
      code: 'InvalidPropertiesError',
    });
    expect(inbox.answers()).toEqual([expect.objectContaining({ Status: 'FAILED' })]);
    expect(started()).toEqual([]);
  });

  test('a create that failed is deleted without more ado, so that the stack rolls back', async () => {
    await invoke('Delete', { PhysicalResourceId: 'never-made-Migrated-1' });
    expect(inbox.answers()).toEqual([expect.objectContaining({ Status: 'SUCCESS' })]);
    expect(started()).toEqual([]);
  });

  test('deleting touches nothing', async () => {
    await invoke('Delete');
    expect(inbox.answers()).toEqual([expect.objectContaining({ Status: 'SUCCESS' })]);
    expect([...sfn.calls(), ...secrets.calls()]).toEqual([]);
  });

  test('a rollback, which names an earlier revision, runs nothing and cannot fail', async () => {
    sfn.on(StartExecutionCommand).rejects(new Error('never'));
    await update(revision(12), revision(9));
    expect(inbox.answers()).toEqual([
      expect.objectContaining({ Status: 'SUCCESS', PhysicalResourceId: 'Migrated-1' }),
    ]);
    expect(started()).toEqual([]);
    expect(watched.printed()).toContain('rolled back');
  });

  test.each([
    ['a later revision', revision(9), revision(10)],
    ['the same one once more, after a deployment without rollback', revision(10), revision(10)],
    ['one of another task', revision(12, 'before'), revision(3)],
    ['one after properties that say nothing', '', revision(3)],
  ])('%s is migrated with', async (_, before, after) => {
    await update(before, after);
    expect(started()).toMatchObject([{ input: { taskDefinition: after } }]);
  });

  test('a request that comes twice begins one run, and neither answers', async () => {
    await invoke('Create');
    sfn
      .on(StartExecutionCommand)
      .rejects(new ExecutionAlreadyExists({ message: 'it has ended', $metadata: {} }));
    await invoke('Create');
    const [first, second] = started();
    expect(second).toEqual(first);
    expect(first).toMatchObject({ stateMachineArn: 'arn:machine', name: REQUEST });
    expect(inbox.answers()).toEqual([]);
  });

  test('who asked stands in the run, and the URL, which is a credential, in a secret and nowhere else', async () => {
    await invoke('Create');
    expect(started()[0]?.input).toEqual({
      taskDefinition: revision(12),
      question: {
        stackId: 'arn:stack',
        requestId: REQUEST,
        logicalResourceId: 'Migrated',
        physicalResourceId: expect.stringMatching(/^Migrated-[0-9a-f]{12}$/) as string,
        failedPhysicalResourceId: expect.stringMatching(/^never-made-Migrated-[0-9a-f]{12}$/) as string,
      },
    });
    expect(secrets.commandCalls(PutSecretValueCommand).map(({ args: [{ input }] }) => input)).toEqual([
      { SecretId: 'arn:urls', ClientRequestToken: REQUEST, SecretString: inbox.url() },
    ]);
    expect(JSON.stringify(started()) + watched.printed()).not.toContain('planted-signature');
  });

  test('a request id that Secrets Manager would not take gets one that it takes, the same each time', async () => {
    await invoke('Create', { RequestId: 'r/1' });
    await invoke('Create', { RequestId: 'r/1' });
    const tokens = secrets
      .commandCalls(PutSecretValueCommand)
      .map(({ args: [{ input }] }) => input.ClientRequestToken);
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(tokens[1]).toBe(tokens[0]);
    expect(started()[0]?.name).toBe(tokens[0]);
  });
});
