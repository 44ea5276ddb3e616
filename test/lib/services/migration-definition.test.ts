import { migrationDefinition } from '../../../lib/services/migration-definition';
import { parseStateMachine, type StateMachine } from '../../../local/state-machine/definition';
import { runStateMachine, type ExecutionEnd } from '../../../local/state-machine/run';
import { StateError } from '../../../local/state-machine/state-error';

const machine: StateMachine = parseStateMachine(
  JSON.stringify(
    migrationDefinition({
      clusterArn: 'arn:cluster',
      subnetIds: ['subnet-1'],
      securityGroupId: 'sg-1',
      hasPublicIp: false,
      answerFunctionArn: 'arn:answer',
    }),
  ),
);

interface World {
  /** What the n-th task does. */
  readonly task: (attempt: number, signal: AbortSignal) => Promise<unknown>;
  /** What the n-th telling answers. @default as the function does */
  readonly tell?: (attempt: number) => Promise<unknown>;
  readonly run?: StateMachine;
  readonly signal?: AbortSignal;
}

/** Runs it with a world that does this. */
async function run({ task, tell, run = machine, signal }: World) {
  const tasks: unknown[] = [];
  const told: { run: Record<string, unknown>; executionName: string }[] = [];
  const pauses: number[] = [];
  const end: ExecutionEnd = await runStateMachine({
    machine: run,
    input: { taskDefinition: 'arn:definition:12', question: { requestId: 'r' } },
    execution: { Id: 'arn:execution', Name: 'r', StartTime: '2026-05-01T03:00:00Z' },
    ...(signal && { signal }),
    pause: (seconds) => Promise.resolve(void pauses.push(seconds)),
    call: async (resource, parameters, until) => {
      if (resource.endsWith(':ecs:runTask.sync')) {
        tasks.push(parameters);
        return await task(tasks.length, until);
      }
      const { FunctionName, Payload } = parameters as {
        FunctionName: string;
        Payload: (typeof told)[number];
      };
      expect(resource).toMatch(/:states:::lambda:invoke$/);
      expect(FunctionName).toBe('arn:answer');
      told.push(Payload);
      const answer = tell ?? (() => Promise.resolve(asTheFunction(Payload.run)));
      return { StatusCode: 200, Payload: await answer(told.length) };
    },
  });
  return { end, tasks, told, pauses };
}

const asTheFunction = ({ failure }: Record<string, unknown>) =>
  failure ? { outcome: 'failed', reason: 'because' } : { outcome: 'migrated', reason: '' };
const fails =
  (error: string, cause = 'it failed') =>
  () =>
    Promise.reject(new StateError(error, cause));
const succeeds = () => Promise.resolve({ TaskArn: 'arn:task', Containers: [{ ExitCode: 0 }] });

describe('a run of the migrations', () => {
  test('of a task that failed is told, fails itself with the reason, and is not tried again', async () => {
    const { end, tasks, told, pauses } = await run({
      task: fails('States.TaskFailed', '{"TaskArn":"arn:task"}'),
    });
    expect(told).toEqual([
      {
        executionName: 'r',
        run: {
          taskDefinition: 'arn:definition:12',
          question: { requestId: 'r' },
          failure: { Error: 'States.TaskFailed', Cause: '{"TaskArn":"arn:task"}' },
        },
      },
    ]);
    expect(end).toEqual({ status: 'FAILED', error: 'MigrationFailedError', cause: 'because' });
    expect([tasks.length, pauses]).toEqual([1, []]);
  });

  test.each(['AmazonECS.Unknown', 'ECS.AccessDeniedException', 'ECS.ServerException'])(
    'of a task that cannot begin (%s) is tried again, and then told',
    async (error) => {
      const late = await run({ task: (attempt) => (attempt < 3 ? fails(error)() : succeeds()) });
      expect([late.end.status, late.tasks.length, late.pauses]).toEqual(['SUCCEEDED', 3, [5, 10]]);

      const never = await run({ task: fails(error, 'no capacity') });
      expect([never.end.status, never.tasks.length, never.pauses]).toEqual(['FAILED', 5, [5, 10, 20, 40]]);
      expect(never.told[0]?.run['failure']).toEqual({ Error: error, Cause: 'no capacity' });
    },
  );

  test('of a task that does not end is told when its time is over', async () => {
    const hasty = {
      ...machine,
      States: { ...machine.States, Migrate: { ...machine.States['Migrate']!, TimeoutSeconds: 0.01 } },
    };
    let wasStopped = false;
    const { end, told } = await run({
      run: hasty,
      task: (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            wasStopped = true;
            reject(new StateError('States.TaskFailed', 'stopped'));
          }),
        ),
    });
    expect(wasStopped).toBe(true);
    expect(told[0]?.run['failure']).toEqual({ Error: 'States.Timeout', Cause: '' });
    expect(end.status).toBe('FAILED');
  });

  test('that is stopped, or is out of time as a whole, tells nobody: EventBridge does', async () => {
    const stop = new AbortController();
    const stopped = await run({
      signal: stop.signal,
      task: () => {
        stop.abort();
        return new Promise(() => undefined);
      },
    });
    expect([stopped.end, stopped.told]).toEqual([{ status: 'ABORTED' }, []]);

    const late = await run({
      run: { ...machine, TimeoutSeconds: 0.01 },
      task: () => new Promise(() => undefined),
    });
    expect([late.end, late.told]).toEqual([{ status: 'TIMED_OUT' }, []]);
  });

  test('that cannot tell tries four times, then ends as what it was, for who hears of the end', async () => {
    const tell = fails('CustomResourceAnswerError');
    const failed = await run({ task: fails('States.TaskFailed', 'the task'), tell });
    expect(failed.told).toHaveLength(4);
    expect(failed.end).toEqual({
      status: 'FAILED',
      error: 'MigrationFailedUntoldError',
      cause: JSON.stringify({ Error: 'States.TaskFailed', Cause: 'the task' }),
    });
    const migrated = await run({ task: succeeds, tell });
    expect(migrated.end).toMatchObject({ status: 'FAILED', error: 'MigratedUntoldError' });
  });

  test('that can tell in the end goes on', async () => {
    const tell = (attempt: number) =>
      attempt < 3
        ? fails('Lambda.TooManyRequestsException')()
        : Promise.resolve({ outcome: 'migrated', reason: '' });
    expect((await run({ task: succeeds, tell })).end.status).toBe('SUCCEEDED');
  });

  test('runs the revision that it is given, in a group by its own name, and is told as migrated', async () => {
    const { end, tasks, told } = await run({ task: succeeds });
    expect(tasks).toEqual([
      {
        Cluster: 'arn:cluster',
        TaskDefinition: 'arn:definition:12',
        LaunchType: 'FARGATE',
        PlatformVersion: 'LATEST',
        Group: 'r',
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            AssignPublicIp: 'DISABLED',
            SecurityGroups: ['sg-1'],
            Subnets: ['subnet-1'],
          },
        },
      },
    ]);
    expect(told).toEqual([
      { executionName: 'r', run: { taskDefinition: 'arn:definition:12', question: { requestId: 'r' } } },
    ]);
    expect(end).toMatchObject({ status: 'SUCCEEDED' });
  });
});
