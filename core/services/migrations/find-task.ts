import { DescribeTasksCommand, ListTasksCommand, StopTaskCommand, type ECSClient } from '@aws-sdk/client-ecs';

export interface TaskOfRun {
  readonly ecs: ECSClient;
  /** ARN. */
  readonly cluster: string;
  readonly family: string;
  /** The execution's name: the task's group bears it. */
  readonly executionName: string;
  readonly signal: AbortSignal;
}

/**
 * Finds the task of a run that Step Functions gave up without saying which one it was, and stops it if it runs: what
 * Step Functions stops it stops at its best effort only, and CloudFormation is about to be told that it is over.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync
 *
 * @returns the task's ARN; undefined where none was begun. ECS forgets a task about an hour after its end
 */
export async function stopTaskOfRun(run: TaskOfRun): Promise<string | undefined> {
  const { ecs, cluster, executionName, signal } = run;
  const running = await findTask(run, 'RUNNING');
  if (running === undefined) return await findTask(run, 'STOPPED');
  await ecs.send(new StopTaskCommand({ cluster, task: running, reason: `run ${executionName} is over` }), {
    abortSignal: signal,
  });
  return running;
}

async function findTask(
  { ecs, cluster, family, executionName, signal }: TaskOfRun,
  desiredStatus: 'RUNNING' | 'STOPPED',
): Promise<string | undefined> {
  // One page: there are two at a time at most, and those of the last hour.
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster, family, desiredStatus }), {
    abortSignal: signal,
  });
  if (taskArns.length === 0) return undefined;
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }), {
    abortSignal: signal,
  });
  return tasks.find(({ group }) => group === executionName)?.taskArn;
}
