import { setTimeout as delay } from 'node:timers/promises';
import {
  GetLogEventsCommand,
  ResourceNotFoundException,
  type CloudWatchLogsClient,
} from '@aws-sdk/client-cloudwatch-logs';

export interface LastLinesRequest {
  readonly logs: CloudWatchLogsClient;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Whether the task has said something for sure, so that it is worth waiting for. */
  readonly isExpected: boolean;
  readonly signal: AbortSignal;
  /** Between two looks, milliseconds. @default 2000 */
  readonly pauseMs?: number;
}

/** What is worth carrying into an error's text. */
const LINES = 20;
const LOOKS = 5;
const PAUSE_MS = 2_000;
/** CloudWatch gives empty pages before full ones. */
const PAGES = 3;

/**
 * The end of a task's log, oldest first. What a container says last arrives after its end, so one that is expected to
 * have said something is looked at until nothing more comes.
 *
 * @returns none when there is no such stream
 */
export async function lastLines(request: LastLinesRequest): Promise<string[]> {
  const { isExpected, pauseMs = PAUSE_MS, signal } = request;
  let lines = await look(request);
  if (!isExpected) return lines;
  for (let looks = 1; looks < LOOKS; looks++) {
    await delay(pauseMs, undefined, { signal });
    const more = await look(request);
    const isSettled = more.length > 0 && JSON.stringify(more) === JSON.stringify(lines);
    lines = more;
    if (isSettled) break;
  }
  return lines;
}

async function look({ logs, logGroupName, logStreamName, signal }: LastLinesRequest): Promise<string[]> {
  let nextToken: string | undefined;
  try {
    for (let page = 0; page < PAGES; page++) {
      const { events = [], nextBackwardToken } = await logs.send(
        new GetLogEventsCommand({ logGroupName, logStreamName, limit: LINES, nextToken }),
        { abortSignal: signal },
      );
      if (events.length > 0) return events.flatMap(({ message }) => message ?? []);
      if (nextBackwardToken === nextToken) break;
      nextToken = nextBackwardToken;
    }
    return [];
  } catch (error) {
    // The container has said nothing, or not yet.
    if (error instanceof ResourceNotFoundException) return [];
    throw error;
  }
}
