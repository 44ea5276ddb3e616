import { randomUUID } from 'node:crypto';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import type { PlatformParts } from '../cloudformation/provider';
import type { EmulatedAws } from '../emulator';
import type { ContainerDefinition } from '../services/definition';
import { planOf } from '../services/plan';
import { startTask } from '../services/task';
import type { EndedTask, TaskToRun } from './calls';
import { StateMachineError } from './definition';

/** Of one call. */
const MOST_EVENTS = 10_000;

/**
 * Runs a task as a process to its end, and leaves what it said at the emulator where the `awslogs` driver would. The
 * signal stops it.
 *
 * @throws StateMachineError where its image's program is not here
 */
export async function runLocalTask(
  { taskDefinitions, services, supervisor, progress }: PlatformParts,
  { TaskDefinition, Overrides }: TaskToRun,
  signal: AbortSignal,
): Promise<EndedTask> {
  const definition = taskDefinitions.get(TaskDefinition);
  if (!definition || !services) {
    throw new StateMachineError(`${TaskDefinition} cannot be run here: start the platform with its services`);
  }
  const plan = await planOf(definition, services.builds);
  const command = Overrides?.ContainerOverrides.find(({ Name }) => Name === plan.name)?.Command;
  progress(`running ${plan.name} as a task`);
  const surroundings = services.surroundings();
  const { container } = await startTask(supervisor, plan, surroundings, command && { command });
  const stop = () => void container.stop();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const { code, signal: killedBy } = await container.finished;
  signal.removeEventListener('abort', stop);

  const id = randomUUID().replaceAll('-', '');
  await keepLog(surroundings.aws, plan.definition, id, await container.log());
  return {
    TaskArn: `arn:aws:ecs::local:task/local/${id}`,
    StopCode: 'EssentialContainerExited',
    StoppedReason: 'Essential container in task exited',
    Containers: [
      // As Linux has it of a process that a signal ended; of those we send SIGKILL is 9, SIGTERM 15.
      { Name: plan.name, ExitCode: code ?? 128 + (killedBy === 'SIGKILL' ? 9 : 15) },
    ],
  };
}

async function keepLog(
  aws: EmulatedAws,
  { Name, LogConfiguration }: ContainerDefinition,
  taskId: string,
  log: string,
): Promise<void> {
  const { 'awslogs-group': logGroupName, 'awslogs-stream-prefix': prefix } = LogConfiguration?.Options ?? {};
  if (logGroupName === undefined || prefix === undefined) return;
  const logStreamName = `${prefix}/${Name}/${taskId}`;
  const client = new CloudWatchLogsClient({ ...aws });
  try {
    await client.send(new CreateLogGroupCommand({ logGroupName })).catch((error: unknown) => {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    });
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    const timestamp = Date.now();
    const logEvents = log
      .split('\n')
      .filter(Boolean)
      .slice(-MOST_EVENTS)
      .map((message) => ({ timestamp, message }));
    if (logEvents.length > 0) {
      await client.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    }
  } finally {
    client.destroy();
  }
}
