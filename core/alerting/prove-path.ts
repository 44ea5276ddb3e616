import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  StartExecutionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { jsonOrUndefined } from '../shared/json';
import type { Severity } from './alarm-name';
import { PathProofError } from './errors';
import type { AlertingOperations } from './operations';
import { judgeProof, proofInput, ProofOutput, type PathProof } from './proof';

export interface ProvePathRequest {
  readonly sfn: SFNClient;
  readonly operations: AlertingOperations;
  readonly severity: Severity;
  /** Told the state that the machine has entered. */
  readonly onState: (state: string) => void;
  /** Stops us. The machine goes on, so that the test alarm does not stay in ALARM. */
  readonly signal?: AbortSignal;
  /** @default 5 s between two looks */
  readonly pauseMs?: number;
}

const PAUSE_MS = 5_000;

/**
 * Sends a test alarm down every route of a severity, and says what was seen of each hop. It takes about seven minutes, for
 * that long metrics are on their way.
 *
 * @throws NoRouteError, PathProofError
 */
export async function provePath(request: ProvePathRequest): Promise<PathProof> {
  const { sfn, operations, severity, onState, signal, pauseMs = PAUSE_MS } = request;
  const input = proofInput(operations, severity);
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({
      stateMachineArn: operations.proof!.stateMachineArn,
      input: JSON.stringify(input),
    }),
  );
  for (;;) {
    const { status, output, cause, error } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (status === 'SUCCEEDED') return proofOf(operations, output);
    if (status !== 'RUNNING') {
      throw new PathProofError(
        `the test did not run to its end (${[status, error, cause].filter(Boolean).join(': ')}); look at execution ${executionArn}, and whether ${input.alarmName} is back in OK`,
      );
    }
    const state = await newestState(sfn, executionArn);
    if (state !== undefined) onState(state);
    await delay(pauseMs, undefined, signal && { signal });
  }
}

/**
 * What an execution's output says.
 *
 * @throws PathProofError
 */
export function proofOf(operations: AlertingOperations, output: string | undefined): PathProof {
  const parsed = ProofOutput.safeParse(jsonOrUndefined(output ?? ''));
  if (parsed.success) return judgeProof(operations, parsed.data);
  throw new PathProofError(
    'the test ran and left nothing that this version of golive understands; use the one that is deployed, or deploy the Alerting stack',
  );
}

async function newestState(sfn: SFNClient, executionArn: string | undefined): Promise<string | undefined> {
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 20 }),
  );
  return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? [])[0];
}
