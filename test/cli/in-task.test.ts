import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { runInTask } from '../../cli/in-task';
import type { Operations } from '../../core/backup/operations';
import { operationsOf } from './operations';

const sfn = mockClient(SFNClient);
const logs = mockClient(CloudWatchLogsClient);
const ARN = 'arn:aws:states:eu-west-1:111122223333:execution:machine:run';
const operations = operationsOf({
  environment: 'prod',
  task: {
    stateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:machine',
    logGroupName: 'group',
  },
});

let lines: string[];
let stages: string[];

beforeEach(() => {
  sfn.reset();
  logs.reset();
  [lines, stages] = [[], []];
  sfn.on(StartExecutionCommand).resolves({ executionArn: ARN, startDate: new Date() });
  sfn
    .on(DescribeExecutionCommand)
    .resolvesOnce({ status: 'RUNNING' })
    .resolvesOnce({ status: 'RUNNING' })
    .resolves({ status: 'SUCCEEDED' });
  const output = JSON.stringify({
    Tasks: [{ TaskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/cluster/abc' }],
  });
  sfn
    .on(GetExecutionHistoryCommand)
    .resolvesOnce({ events: [] })
    .resolves({ events: [{ taskSubmittedEventDetails: { output } as never } as never] });
  logs
    .on(GetLogEventsCommand)
    .rejectsOnce(new ResourceNotFoundException({ message: 'not yet', $metadata: {} }))
    .resolvesOnce({
      events: [
        { message: 'restoring …' },
        { message: '{"_aws":{},"DumpFailed":0}' },
        { message: '{"message":"backup.drill succeeded","audit":{"auditVersion":1}}' },
      ],
      nextForwardToken: 'one',
    })
    .resolvesOnce({ events: [{ message: 'done' }], nextForwardToken: 'two' })
    .resolves({ events: [], nextForwardToken: 'two' });
});

const run = (args: string[], more: { signal?: AbortSignal; operations?: Operations } = {}) =>
  runInTask({
    operations: more.operations ?? operations,
    args,
    sfn: new SFNClient({}),
    logs: new CloudWatchLogsClient({}),
    signal: more.signal ?? new AbortController().signal,
    onLine: (line) => lines.push(line),
    onStage: (stage) => stages.push(stage),
    pauseMs: 1,
  });

test('a command runs in the task, and what it says is read to its end, metrics and audit records left out', async () => {
  await run(['backup', 'list', '-e', 'prod']);
  expect(sfn.commandCalls(StartExecutionCommand)[0]!.args[0].input.input).toBe(
    '{"command":["backup","list","-e","prod"]}',
  );
  expect(lines).toEqual(['restoring …', 'done']);
  expect(logs.commandCalls(GetLogEventsCommand)[0]!.args[0].input).toMatchObject({
    logGroupName: 'group',
    logStreamName: 'golive/golive/abc',
  });
  expect(stages[0]).toBe('starting the task');
});

test('the command’s own exit code is ours', async () => {
  const cause = JSON.stringify({
    Containers: [{ ExitCode: 5 }],
    StoppedReason: 'Essential container exited',
  });
  sfn.on(DescribeExecutionCommand).resolves({ status: 'FAILED', cause });
  await expect(run(['monitor'])).rejects.toMatchObject({ code: 'TaskFailedError', exitCode: 5 });
});

test('a task that never began is told with its reason', async () => {
  const cause = JSON.stringify({ StoppedReason: 'CannotPullContainerError: no such image' });
  sfn.on(DescribeExecutionCommand).resolves({ status: 'FAILED', cause });
  await expect(run(['monitor'])).rejects.toMatchObject({
    exitCode: undefined,
    message: expect.stringMatching(/CannotPullContainerError.*look at execution arn:/) as string,
  });
  sfn.on(DescribeExecutionCommand).resolves({ status: 'TIMED_OUT' });
  await expect(run(['monitor'])).rejects.toThrow(/TIMED_OUT/);
});

test.each([
  [['restore', 'newest', '--swap']],
  [['backup', 'prune']],
  [['secrets', 'rotate', 'all']],
  [['secrets', 'rollback', 'app']],
])('%j is not started before somebody has said yes', async (args) => {
  await expect(run(args)).rejects.toMatchObject({ code: 'NotConfirmedError' });
  expect(sfn.commandCalls(StartExecutionCommand)).toEqual([]);
  await run([...args, '--yes']);
});

test('without a task it says where to run it instead', async () => {
  await expect(run(['drill'], { operations: { ...operations, task: undefined } })).rejects.toMatchObject({
    code: 'UsageError',
    message: expect.stringContaining('backup.task') as string,
  });
});

test('stopping us stops the task', async () => {
  sfn.on(DescribeExecutionCommand).resolves({ status: 'RUNNING' });
  sfn.on(StopExecutionCommand).resolves({});
  const stopped = new AbortController();
  const running = run(['drill'], { signal: stopped.signal });
  stopped.abort();
  await expect(running).rejects.toThrow();
  expect(sfn.commandCalls(StopExecutionCommand)[0]!.args[0].input.executionArn).toBe(ARN);
});

test('a log that cannot be read ends nothing, and is told of', async () => {
  logs.reset();
  logs.on(GetLogEventsCommand).rejects(new Error('AccessDenied'));
  await run(['backup', 'list']);
  expect(lines[0]).toContain('AccessDenied');
});
