import { setTimeout as delay } from 'node:timers/promises';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { GetLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import type { SFNClient } from '@aws-sdk/client-sfn';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  type ExecutionStatus,
} from '@aws-sdk/client-sfn';
import type { Operations } from '../core/backup/operations';
import { GoLiveError, saidBy } from '../core/shared/errors';
import { jsonOrUndefined } from '../core/shared/json';
import { NotConfirmedError, UsageError } from './errors';

/** Run elsewhere, the command ended otherwise than well. Its own error stands in what it said. */
export class TaskFailedError extends GoLiveError {
  readonly code = 'TaskFailedError';

  constructor(
    message: string,
    /** The command's own; undefined when it never came to its end. */
    readonly exitCode: number | undefined,
  ) {
    super(message);
  }
}

export interface InTaskRequest {
  readonly operations: Operations;
  /** What follows `golive`, without `--in-task` and the environment. */
  readonly args: readonly string[];
  readonly sfn: SFNClient;
  readonly logs: CloudWatchLogsClient;
  readonly signal: AbortSignal;
  /** Told what the task said, line by line. */
  readonly onLine: (line: string) => void;
  readonly onStage: (stage: string) => void;
  /** @default 3 s between two looks */
  readonly pauseMs?: number;
}

/** These change something, and nobody can be asked in a task. */
const ASKS_FIRST = new Set(['restore', 'prune', 'rotate', 'rollback']);
const PAUSE_MS = 3_000;

/**
 * Runs a command in the operations task, which stands beside the database, and stays until it has ended: what the
 * task says appears here. Who does so needs no way to the database and no right to its credentials.
 *
 * Stopping us stops the task, too: its command ends as by Ctrl-C.
 *
 * @throws TaskFailedError, NotConfirmedError; UsageError where the environment has no task
 */
export async function runInTask(request: InTaskRequest): Promise<void> {
  const { operations, args, sfn, signal, onStage, onLine, pauseMs = PAUSE_MS } = request;
  if (!operations.task) {
    throw new UsageError(
      `${operations.environment} has no operations task: set backup.task in its configuration and deploy, or run this inside the VPC`,
    );
  }
  if (
    args.some((word) => ASKS_FIRST.has(word)) &&
    !args.some((word) => ['-y', '--yes', '--dry-run', '--list'].includes(word))
  ) {
    throw new NotConfirmedError('nothing was done: a task cannot be asked, so say --yes');
  }
  onStage('starting the task');
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: operations.task.stateMachineArn,
      input: JSON.stringify({ command: args }),
    }),
  );
  if (executionArn === undefined)
    throw new TaskFailedError('Step Functions started nothing; try again', undefined);
  const follower = new Follower(request, operations.task.logGroupName, executionArn);
  for (;;) {
    const { status, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    for (const line of await follower.newLines()) onLine(line);
    if (status !== 'RUNNING') {
      // What the container said last may arrive after its end.
      await pause(pauseMs, undefined);
      for (const line of await follower.newLines()) onLine(line);
      return judge(status, cause, executionArn);
    }
    onStage(follower.isRunning ? 'running in the task' : 'waiting for the task: its image is pulled');
    try {
      await pause(pauseMs, signal);
    } catch (error) {
      await sfn.send(new StopExecutionCommand({ executionArn, cause: 'stopped from the command line' }));
      throw error;
    }
  }
}

function judge(status: ExecutionStatus | undefined, cause: string | undefined, executionArn: string): void {
  if (status === 'SUCCEEDED') return;
  const told = jsonOrUndefined(cause ?? '') as
    { Containers?: { ExitCode?: number }[]; StoppedReason?: string } | undefined;
  const exitCode = told?.Containers?.[0]?.ExitCode;
  const reason = told?.StoppedReason ?? cause ?? status ?? 'for no known reason';
  throw new TaskFailedError(
    exitCode === undefined
      ? `the task did not run to its end (${reason}); look at execution ${executionArn}`
      : `the command ended with ${exitCode} in the task (${reason}); what it said stands above`,
    exitCode,
  );
}

/** Reads on in the log of the execution's task. */
class Follower {
  private stream: string | undefined;
  private token: string | undefined;

  constructor(
    private readonly request: InTaskRequest,
    private readonly logGroupName: string,
    private readonly executionArn: string,
  ) {}

  get isRunning(): boolean {
    return this.token !== undefined;
  }

  async newLines(): Promise<string[]> {
    this.stream ??= await this.findStream();
    if (this.stream === undefined) return [];
    const lines: string[] = [];
    try {
      for (;;) {
        const page = await this.request.logs.send(
          new GetLogEventsCommand({
            logGroupName: this.logGroupName,
            logStreamName: this.stream,
            startFromHead: true,
            ...(this.token !== undefined && { nextToken: this.token }),
          }),
        );
        lines.push(
          ...(page.events ?? []).flatMap(({ message }) => (isForTheLog(message) ? [] : (message ?? []))),
        );
        // The same token again is the end of what there is.
        if (page.nextForwardToken === undefined || page.nextForwardToken === this.token) return lines;
        this.token = page.nextForwardToken;
      }
    } catch (error) {
      // The container has said nothing yet.
      if (error instanceof ResourceNotFoundException) return lines;
      return [...lines, `(the task's log could not be read: ${saidBy(error)})`];
    }
  }

  /** ECS names the stream by the task, and the execution's history tells the task. */
  private async findStream(): Promise<string | undefined> {
    const { events = [] } = await this.request.sfn.send(
      new GetExecutionHistoryCommand({ executionArn: this.executionArn, includeExecutionData: true }),
    );
    const submitted = events
      .flatMap(({ taskSubmittedEventDetails }) => taskSubmittedEventDetails?.output ?? [])
      .at(-1);
    const told = jsonOrUndefined(submitted ?? '') as { Tasks?: { TaskArn?: string }[] } | undefined;
    const taskId = told?.Tasks?.[0]?.TaskArn?.split('/').at(-1);
    return taskId && `golive/golive/${taskId}`;
  }
}

/** A line for CloudWatch, a metric or an audit record, and not for people. */
function isForTheLog(message: string | undefined): boolean {
  return message === undefined || message.includes('"_aws"') || message.includes('"auditVersion"');
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, signal && { signal });
}
