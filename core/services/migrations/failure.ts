import * as z from 'zod';
import { jsonOrUndefined } from '../../shared/json';

/** What Step Functions says of a run that ended otherwise than well. */
export interface RunFailure {
  /** Such as `States.TaskFailed`. */
  readonly error: string;
  /** Of a task that ended, the task itself as JSON. */
  readonly cause?: string | undefined;
}

/** A failure in words. */
export interface ExplainedFailure {
  /** Such as `the task ended with exit code 1`. */
  readonly what: string;
  /** The task's ARN; undefined where Step Functions does not say which one it was. */
  readonly taskArn: string | undefined;
  /** Whether the container ran, so that there is a log. Undefined: nobody knows. */
  readonly hasRun: boolean | undefined;
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html, as Step Functions spells it. */
const EndedTask = z.looseObject({
  TaskArn: z.string().min(1),
  StoppedReason: z.string().optional(),
  Containers: z
    .array(z.looseObject({ ExitCode: z.number().optional(), Reason: z.string().optional() }))
    .default([]),
});

/** What became of the run: the container failed, could not start, was out of time, or Step Functions was in the way. */
export function explainFailure({ error, cause }: RunFailure): ExplainedFailure {
  const task = EndedTask.safeParse(jsonOrUndefined(cause));
  if (task.success) return explainTask(task.data);
  const unknown = { taskArn: undefined, hasRun: undefined };
  switch (error) {
    case 'States.Timeout':
    case 'TIMED_OUT':
      return { what: 'it was not done in its time, and was stopped', ...unknown };
    case 'ABORTED':
      return { what: `somebody stopped it${becauseOf(cause)}`, ...unknown };
    default:
      return { what: `the task could not be run: ${error}${becauseOf(cause)}`, ...unknown };
  }
}

function explainTask({ TaskArn, StoppedReason, Containers }: z.output<typeof EndedTask>): ExplainedFailure {
  const ended = Containers.find(({ ExitCode }) => ExitCode !== undefined);
  // Of the container, such as that its memory was not enough; it says more than "Essential container in task exited".
  const reason = Containers.find(({ Reason }) => Reason)?.Reason;
  if (ended) {
    return {
      what: `the task ended with exit code ${ended.ExitCode}${becauseOf(reason)}`,
      taskArn: TaskArn,
      hasRun: true,
    };
  }
  return {
    what: `the task could not start: ${[StoppedReason, reason].filter(Boolean).join('; ') || 'ECS does not say why'}`,
    taskArn: TaskArn,
    hasRun: false,
  };
}

function becauseOf(text: string | undefined): string {
  return text === undefined || text === '' ? '' : ` (${text})`;
}
