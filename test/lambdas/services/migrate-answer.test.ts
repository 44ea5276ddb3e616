import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand, ECSClient, ListTasksCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { RUN_ENDS } from '../../../core/services/migrations';
import { lambdaContext } from '../shared/lambda-context';
import { watchHandler } from '../shared/watched-handler';
import { answerInbox } from '../shared/answer-inbox';

// Nobody waits here for what arrives later.
jest.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));

const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/0123abcd';
const REQUEST = '3d1f2c34-0000-4000-8000-00000000000a';
const RUN = {
  taskDefinition: 'arn:aws:ecs:eu-west-1:111122223333:task-definition/prodServicesMigrations:12',
  question: {
    stackId: 'arn:stack',
    requestId: REQUEST,
    logicalResourceId: 'Migrated',
    physicalResourceId: 'Migrated-1',
    failedPhysicalResourceId: 'never-made-Migrated-1',
  },
};
const LAST_LINE = {
  level: 'ERROR',
  time: '2026-05-01T03:00:00.000Z',
  service: 'gateway',
  code: 'MigrationFailedError',
  message:
    'migrate failed: MigrationFailedError: 007.do.plans.sql failed: SQLSTATE 42P07: relation "plans" exists',
};

/** As Step Functions gives a task that ended otherwise than well. */
const failedTask = (more: object) => ({
  Error: 'States.TaskFailed',
  Cause: JSON.stringify({ TaskArn: TASK, StopCode: 'EssentialContainerExited', ...more }),
});
const EXIT_1 = failedTask({
  StoppedReason: 'Essential container in task exited',
  Containers: [{ Name: 'migrate', ExitCode: 1 }],
});

describe('the function that tells how the migrations ended', () => {
  const watched = watchHandler('services-migrate-answer', {
    ANSWER_URL_SECRET_ARN: 'arn:urls',
    CLUSTER_ARN: 'arn:cluster',
    TASK_FAMILY: 'prodServicesMigrations',
    LOG_GROUP_NAME: 'migrations',
    LOG_STREAM_PREFIX: 'migrate/migrate',
  });
  const inbox = answerInbox();
  const secrets = mockClient(SecretsManagerClient);
  const logs = mockClient(CloudWatchLogsClient);
  const ecs = mockClient(ECSClient);

  beforeEach(() => {
    secrets.reset();
    logs.reset();
    ecs.reset();
    secrets.on(GetSecretValueCommand).callsFake(() => ({ SecretString: inbox.url() }));
    ecs.on(ListTasksCommand).resolves({ taskArns: [] });
    says(LAST_LINE);
  });

  const says = (...lines: (object | string)[]) =>
    logs.on(GetLogEventsCommand).resolves({
      events: lines.map((line) => ({ message: typeof line === 'string' ? line : JSON.stringify(line) })),
    });
  const handler = async (event: unknown) => {
    const { handler: handle } = await import('../../../lambdas/services/migrate-answer/handler');
    return handle(event, lambdaContext());
  };
  const fromMachine = (failure?: object, run: object = RUN) =>
    handler({ executionName: REQUEST, run: { ...run, ...(failure && { failure }) } });
  const fromEventBridge = (status: string, detail: object = {}) =>
    handler({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { name: REQUEST, status, input: JSON.stringify(RUN), output: null, ...detail },
    });
  const reason = () => String(inbox.answers()[0]?.['Reason']);

  describe('when the container fails', () => {
    test('says what it said last, and where the rest is', async () => {
      says({ level: 'INFO', message: 'migrated', file: '006.do.users.sql' }, LAST_LINE);
      const told = await fromMachine(EXIT_1);
      expect(inbox.answers()).toEqual([
        {
          Status: 'FAILED',
          PhysicalResourceId: 'never-made-Migrated-1',
          StackId: 'arn:stack',
          RequestId: REQUEST,
          LogicalResourceId: 'Migrated',
          Reason:
            'the database was not migrated: the task ended with exit code 1. ' +
            'It said last: ERROR migrate failed: MigrationFailedError: 007.do.plans.sql failed: SQLSTATE 42P07: relation "plans" exists' +
            ' | before that: INFO migrated (file=006.do.users.sql). ' +
            'The services run on as they are: mend the cause and deploy again (log group migrations, stream migrate/migrate/0123abcd); see docs/runbook.md#services-migrations-failing',
        },
      ]);
      expect(told).toEqual({ outcome: 'failed', reason: reason() });
      expect(logs.commandCalls(GetLogEventsCommand)[0]?.args[0].input).toMatchObject({
        logGroupName: 'migrations',
        logStreamName: 'migrate/migrate/0123abcd',
      });
    });

    test('waits for the words that arrive after its end', async () => {
      const none = new ResourceNotFoundException({ message: 'none yet', $metadata: {} });
      logs
        .on(GetLogEventsCommand)
        .rejectsOnce(none)
        .resolvesOnce({ events: [{ message: 'the database is migrated up to 6' }] })
        .resolves({
          events: [{ message: 'the database is migrated up to 6' }, { message: JSON.stringify(LAST_LINE) }],
        });
      await fromMachine(EXIT_1);
      expect(reason()).toContain('SQLSTATE 42P07');
    });

    test('names what the container was killed for', async () => {
      await fromMachine(
        failedTask({
          StoppedReason: 'Essential container in task exited',
          Containers: [{ ExitCode: 137, Reason: 'OutOfMemoryError: container killed due to memory usage' }],
        }),
      );
      expect(reason()).toContain('exit code 137 (OutOfMemoryError: container killed due to memory usage)');
    });

    test.each([
      [
        'there is none',
        () => new ResourceNotFoundException({ message: 'no such stream', $metadata: {} }),
        /It said nothing\./,
      ],
      [
        'reading is not allowed',
        () => Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' }),
        /could not be read: AccessDeniedException: not allowed/,
      ],
    ])(
      'tells so without its log when %s',
      async (_, error, said) => {
        logs.on(GetLogEventsCommand).rejects(error());
        await fromMachine(EXIT_1);
        expect(reason()).toMatch(/exit code 1\./);
        expect(reason()).toMatch(said);
      },
      20_000,
    );

    test('lets no secret out, neither to CloudFormation nor into a log', async () => {
      says(
        'connecting to postgres://golive_app:planted-pw@db/golive',
        { level: 'ERROR', message: 'no', password: 'planted-pw', connection: { password: 'planted-pw' } },
        { ...LAST_LINE, message: 'login of someone@example.com with password=planted-pw failed' },
      );
      await fromMachine(EXIT_1);
      expect(reason()).toMatch(/It said last: ERROR login of \[redacted\]/);
      expect(reason() + watched.printed()).not.toMatch(/planted|someone@/);
    });

    test('keeps the last line of a long log, within what CloudFormation reads', async () => {
      const long = Array.from({ length: 20 }, (_, index) => `${index} ${'é"€'.repeat(400)}`);
      says(...long, LAST_LINE);
      await fromMachine(EXIT_1);
      expect(Buffer.byteLength(JSON.stringify(inbox.answers()[0]))).toBeLessThan(4096);
      expect(reason()).toContain('SQLSTATE 42P07');
      expect(reason()).toMatch(/runbook\.md#services-migrations-failing$/);
    });

    test('cuts a last line that is too long, at its end', async () => {
      says(`007.do.plans.sql failed: ${'so it is '.repeat(1_000)}`);
      await fromMachine(EXIT_1);
      expect(reason()).toMatch(/It said last: 007\.do\.plans\.sql failed: (so it is ?){80,}.*…/);
      expect(reason()).toMatch(/runbook\.md#services-migrations-failing$/);
    });
  });

  describe('when the container never ran', () => {
    test.each([
      ['CannotPullContainerError: image not found', 'TaskFailedToStart'],
      ['ResourceInitializationError: unable to pull secrets or registry auth', 'TaskFailedToStart'],
    ])('says why the task could not start: %s', async (StoppedReason, StopCode) => {
      await fromMachine(failedTask({ StoppedReason, StopCode, Containers: [{ Name: 'migrate' }] }));
      expect(reason()).toContain(`the task could not start: ${StoppedReason}`);
    });

    test('says that there was no capacity', async () => {
      const Cause = 'Capacity is unavailable at this time';
      await fromMachine({ Error: 'AmazonECS.Unknown', Cause });
      expect(reason()).toContain(`the task could not be run: AmazonECS.Unknown (${Cause})`);
      expect(reason()).toContain('It said nothing.');
    });
  });

  describe('when the run is out of time', () => {
    const running = () => {
      ecs.on(ListTasksCommand, { desiredStatus: 'RUNNING' }).resolves({ taskArns: ['arn:other', TASK] });
      ecs.on(DescribeTasksCommand).resolves({
        tasks: [
          { taskArn: 'arn:other', group: 'another-run' },
          { taskArn: TASK, group: REQUEST },
        ],
      });
    };

    test('stops the task, whatever Step Functions did, and tells what it said', async () => {
      running();
      await fromMachine({ Error: 'States.Timeout', Cause: '' });
      expect(ecs.commandCalls(StopTaskCommand).map(({ args: [{ input }] }) => input)).toEqual([
        { cluster: 'arn:cluster', task: TASK, reason: `run ${REQUEST} is over` },
      ]);
      expect(reason()).toMatch(
        /it was not done in its time, and was stopped\. It said last: ERROR migrate failed/,
      );
    });

    test('finds the task when it has stopped already', async () => {
      ecs.on(ListTasksCommand, { desiredStatus: 'STOPPED' }).resolves({ taskArns: [TASK] });
      ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: TASK, group: REQUEST }] });
      await fromEventBridge('TIMED_OUT');
      expect(ecs.commandCalls(StopTaskCommand)).toEqual([]);
      expect(reason()).toContain('SQLSTATE 42P07');
    });

    test('tells so even when ECS does not answer', async () => {
      ecs.on(ListTasksCommand).rejects(new Error('ECS is away'));
      await fromMachine({ Error: 'States.Timeout' });
      expect(reason()).toMatch(/was not done in its time.*could not be read: Error: ECS is away/);
    });

    test('leaves the tasks of other runs alone', async () => {
      running();
      ecs.on(DescribeTasksCommand).resolves({ tasks: [{ taskArn: 'arn:other', group: 'another-run' }] });
      await fromMachine({ Error: 'States.Timeout' });
      expect(ecs.commandCalls(StopTaskCommand)).toEqual([]);
    });
  });

  describe('when the state machine ends without a word of its own', () => {
    test('tells that somebody stopped it, and why', async () => {
      await fromEventBridge('ABORTED', { error: 'Operator', cause: 'wrong image' });
      expect(reason()).toContain('somebody stopped it (wrong image)');
    });

    test('tells what Step Functions could not do', async () => {
      await fromEventBridge('FAILED', { error: 'States.Runtime', cause: 'no such path' });
      expect(reason()).toContain('the task could not be run: States.Runtime (no such path)');
    });

    test('says nothing when all has been told', async () => {
      await fromEventBridge('FAILED', { error: RUN_ENDS.told, cause: 'the database was not migrated: …' });
      expect(inbox.answers()).toEqual([]);
    });

    test('tells of a failure that could not be told', async () => {
      await fromEventBridge('FAILED', { error: RUN_ENDS.failedUntold, cause: JSON.stringify(EXIT_1) });
      expect(reason()).toMatch(/exit code 1\. It said last: ERROR/);
    });

    test('tells of a success that could not be told', async () => {
      await fromEventBridge('FAILED', { error: RUN_ENDS.migratedUntold });
      expect(inbox.answers()).toEqual([expect.objectContaining({ Status: 'SUCCESS' })]);
    });
  });

  describe('when CloudFormation cannot be reached', () => {
    test('tries again', async () => {
      inbox.refuse(503, 'hang-up');
      await fromMachine();
      expect(inbox.answers()).toEqual([expect.objectContaining({ Status: 'SUCCESS' })]);
    });

    test('fails, so that the state machine tries again, and tells nobody the URL', async () => {
      inbox.refuse(403);
      await expect(fromMachine()).rejects.toMatchObject({ code: 'CustomResourceAnswerError' });
      expect(watched.printed()).not.toContain('planted-signature');
    });

    test('fails when the URL is lost', async () => {
      secrets.on(GetSecretValueCommand).rejects(new Error('no such version'));
      await expect(fromMachine(EXIT_1)).rejects.toMatchObject({ code: 'AnswerUrlLostError' });
      expect(watched.metrics()).toMatchObject({ FunctionFailures: 1, code: 'AnswerUrlLostError' });
    });
  });

  test('a run that a person began is told to nobody', async () => {
    const { taskDefinition } = RUN;
    await expect(fromMachine(EXIT_1, { taskDefinition })).resolves.toMatchObject({ outcome: 'failed' });
    expect(inbox.answers()).toEqual([]);
    expect(secrets.calls()).toEqual([]);
  });

  test('success is told with the id that the resource keeps, and nothing is looked at', async () => {
    await expect(fromMachine()).resolves.toEqual({ outcome: 'migrated', reason: '' });
    expect(inbox.answers()).toEqual([
      {
        Status: 'SUCCESS',
        PhysicalResourceId: 'Migrated-1',
        StackId: 'arn:stack',
        RequestId: REQUEST,
        LogicalResourceId: 'Migrated',
      },
    ]);
    expect([...logs.calls(), ...ecs.calls()]).toEqual([]);
    expect(secrets.commandCalls(GetSecretValueCommand)[0]?.args[0].input).toEqual({
      SecretId: 'arn:urls',
      VersionId: REQUEST,
    });
  });

  test('what is no end of a run is refused', async () => {
    await expect(handler({})).rejects.toMatchObject({ code: 'InvalidEventError' });
  });
});
