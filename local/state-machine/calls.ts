import { z } from 'zod';
import type { Invocation, LocalFunction } from '../lambda/local-function';
import { StateMachineError } from './definition';
import type { ExecutionOptions } from './run';
import { StateError } from './state-error';

/** A task as a state machine asks for it. What concerns the network and the machine it runs on has no effect here. */
const RunTask = z.strictObject({
  Cluster: z.string(),
  TaskDefinition: z.string(),
  Group: z.string().optional(),
  Overrides: z
    .strictObject({
      ContainerOverrides: z.array(
        z.strictObject({
          Name: z.string(),
          Command: z.array(z.string()).optional(),
          Environment: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).optional(),
        }),
      ),
    })
    .optional(),
  LaunchType: z.string().optional(),
  PlatformVersion: z.string().optional(),
  NetworkConfiguration: z.unknown().optional(),
});

export type TaskToRun = z.output<typeof RunTask>;

/** A task that has ended, as ECS tells of it. */
export interface EndedTask {
  readonly TaskArn: string;
  readonly StopCode: 'EssentialContainerExited' | 'TaskFailedToStart';
  readonly StoppedReason: string;
  readonly Containers: readonly {
    readonly Name: string;
    readonly ExitCode?: number;
    readonly Reason?: string;
  }[];
}

const Invoke = z.strictObject({ FunctionName: z.string(), Payload: z.unknown() });

export interface Callees {
  /** Runs a task to its end. The signal stops it. */
  readonly runTask: (task: TaskToRun, signal: AbortSignal) => Promise<EndedTask>;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly invoke: (fn: LocalFunction, event: unknown) => Promise<Invocation>;
}

/** What the states of our state machines call. */
export function callsTo({ runTask, functions, invoke }: Callees): ExecutionOptions['call'] {
  return async (resource, parameters, signal) => {
    switch (resource.split(':::').at(-1)) {
      case 'ecs:runTask.sync': {
        const task = await runTask(RunTask.parse(parameters), signal);
        const failed = task.Containers.some(({ ExitCode }) => ExitCode !== 0);
        // The cause is the task, as Step Functions has it.
        if (failed) throw new StateError('States.TaskFailed', JSON.stringify(task));
        return task;
      }
      case 'lambda:invoke': {
        const { FunctionName, Payload } = Invoke.parse(parameters);
        const fn = functions.get(FunctionName);
        if (!fn)
          throw new StateError('Lambda.ResourceNotFoundException', `Function not found: ${FunctionName}`);
        const { result, error } = await invoke(fn, Payload);
        if (error) throw new StateError(error.errorType, JSON.stringify(error));
        return { StatusCode: 200, Payload: result };
      }
      default:
        throw new StateMachineError(
          `the local platform does not play ${resource}: teach it in local/state-machine`,
        );
    }
  };
}
