import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  paginateListExecutions,
  StartExecutionCommand,
  type ExecutionListItem,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { SEVERITIES, type Severity } from './alarm-name';
import type { AlertingOperations } from './operations';
import { proofInput, routesOf } from './proof';
import { proofOf } from './prove-path';

/** When the heartbeat is sent, UTC. */
export interface HeartbeatSlot {
  /** 0 is Sunday. */
  readonly weekDay: number;
  readonly hour: number;
}

export interface HeartbeatRequest {
  readonly sfn: SFNClient;
  readonly operations: AlertingOperations;
  readonly slot: HeartbeatSlot;
  /** The instant that the run is for. */
  readonly now: Date;
}

export interface SeverityHeartbeat {
  readonly severity: Severity;
  /** Whether this run sent one. */
  readonly sent: boolean;
  /** Hours since the end of a test that arrived by every route; {@link NEVER_HOURS} when none has. */
  readonly hoursSinceProof: number;
}

/** Longer than a week, whatever that was: nothing has been proven yet. */
export const NEVER_HOURS = 10_000;

/** A run that was missed is made up for within so many hours, and not at night. */
const LATE_HOURS = 3;

/** Of finished tests so many are looked at: those by hand count, too. */
const LOOKED_AT = 30;

const HOUR_MS = 3_600_000;

/**
 * Sends the weekly heartbeat when it is due, and says how long ago each severity's path was last proven. It is asked
 * every hour: CloudWatch looks back seven days at most, so a week's silence is counted here and told as a figure.
 */
export async function beat(request: HeartbeatRequest): Promise<SeverityHeartbeat[]> {
  const { operations, now, sfn } = request;
  if (!operations.proof) return [];
  const executions = await newestExecutions(sfn, operations.proof.stateMachineArn);
  const proofs = await provenEnds(request, executions);
  const severities = SEVERITIES.filter((severity) => routesOf(operations, severity).length > 0);
  return await Promise.all(
    severities.map(async (severity) => {
      const proven = proofs.get(severity);
      return {
        severity,
        sent: await sendIfDue(request, severity, executions),
        hoursSinceProof: proven ? Math.max(0, (now.getTime() - proven.getTime()) / HOUR_MS) : NEVER_HOURS,
      };
    }),
  );
}

/** `heartbeat-critical-20261201T09`: of its severity and hour there is one, however often it is asked for. */
export function heartbeatName(severity: Severity, at: Date): string {
  return `heartbeat-${severity}-${at.toISOString().slice(0, 13).replaceAll('-', '')}`;
}

/** The newest hour that a heartbeat was for. */
export function latestSlot({ weekDay, hour }: HeartbeatSlot, now: Date): Date {
  const slot = new Date(now);
  slot.setUTCHours(hour, 0, 0, 0);
  slot.setUTCDate(slot.getUTCDate() - ((slot.getUTCDay() - weekDay + 7) % 7));
  if (slot > now) slot.setUTCDate(slot.getUTCDate() - 7);
  return slot;
}

/** Due in its hour and shortly after, and at once where none was ever sent: a new path is proven while people are there. */
async function sendIfDue(
  { sfn, operations, slot, now }: HeartbeatRequest,
  severity: Severity,
  executions: readonly ExecutionListItem[],
): Promise<boolean> {
  const latest = latestSlot(slot, now);
  const isInTime = now.getTime() - latest.getTime() < LATE_HOURS * HOUR_MS;
  const isFirst = !executions.some(({ name }) => name?.startsWith(`heartbeat-${severity}-`));
  if (!isInTime && !isFirst) return false;
  const name = heartbeatName(severity, isInTime ? latest : now);
  if (executions.some((execution) => execution.name === name)) return false;
  try {
    await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: operations.proof!.stateMachineArn,
        name,
        input: JSON.stringify(proofInput(operations, severity)),
      }),
    );
    return true;
  } catch (error) {
    // Another delivery of the same hour was quicker.
    if (error instanceof ExecutionAlreadyExists) return false;
    throw error;
  }
}

async function newestExecutions(sfn: SFNClient, stateMachineArn: string): Promise<ExecutionListItem[]> {
  const found: ExecutionListItem[] = [];
  // Newest first, and kept for 90 days.
  for await (const { executions = [] } of paginateListExecutions(
    { client: sfn, pageSize: 100 },
    { stateMachineArn },
  )) {
    found.push(...executions);
    if (found.length >= 200) break;
  }
  return found;
}

/** When each severity's path was last proven. */
async function provenEnds(
  { sfn, operations }: HeartbeatRequest,
  executions: readonly ExecutionListItem[],
): Promise<Map<Severity, Date>> {
  const ended = executions.filter(({ status }) => status === 'SUCCEEDED').slice(0, LOOKED_AT);
  const proven = new Map<Severity, Date>();
  for (const { executionArn, stopDate } of ended) {
    const { output } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    const proof = proofOrUndefined(operations, output);
    if (proof?.status === 'proven' && stopDate && !proven.has(proof.severity)) {
      proven.set(proof.severity, stopDate);
    }
  }
  return proven;
}

/** Undefined for one of an earlier version of ours, which proves nothing of what there is now. */
function proofOrUndefined(operations: AlertingOperations, output: string | undefined) {
  try {
    return proofOf(operations, output);
  } catch {
    return undefined;
  }
}
