import { randomUUID } from 'node:crypto';
import { DescribeRuleCommand, ListTargetsByRuleCommand, type Target } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { GoLiveError } from '../core/shared/errors';
import type { PlatformParts } from './cloudformation/provider';
import type { AsynchronousInvocation, Invocation, LocalFunction } from './lambda/local-function';

/** A rule could not be fired as EventBridge would fire it. */
export class SchedulerError extends GoLiveError {
  readonly code = 'SchedulerError';
}

/** Lambda's own: two retries, no destination. */
const DEFAULT_INVOKE_CONFIG: AsynchronousInvocation = { maximumRetryAttempts: 2, onFailure: undefined };

export interface FireOptions {
  /** The instant that the schedule stands for. @default now */
  readonly at?: Date;
  /** Runs one attempt. */
  readonly invoke: (fn: LocalFunction, event: unknown) => Promise<Invocation>;
}

/**
 * Fires a rule: reads its targets back from the emulator, builds the event that EventBridge would send, and
 * invokes each target asynchronously as Lambda would: retried by its configuration (without the minutes of
 * delay), and a final failure goes to its destination.
 *
 * @returns each target's attempts, the last one last
 */
export async function fireRule(
  rule: string,
  parts: PlatformParts,
  { at = new Date(), invoke }: FireOptions,
): Promise<Invocation[][]> {
  const { eventBridge } = parts.clients;
  const { Arn, State } = await eventBridge.send(new DescribeRuleCommand({ Name: rule }));
  if (State !== 'ENABLED' || !Arn)
    throw new SchedulerError(`rule ${rule} is not enabled, so it would never fire`);
  const { Targets = [] } = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: rule }));
  if (Targets.length === 0) throw new SchedulerError(`rule ${rule} has no target, so firing it does nothing`);
  return await Promise.all(
    Targets.map((target) =>
      invokeTarget(parts, { ruleArn: Arn, target, event: scheduledEvent(parts, Arn, at), invoke }),
    ),
  );
}

/**
 * Invokes one target of a rule, unless it does not let the rule in.
 *
 * @param event what it is sent unless the target has an input of its own
 * @returns its attempts, the last one last
 */
export async function invokeTarget(
  parts: PlatformParts,
  {
    ruleArn,
    target: { Arn: target, Input },
    event,
    invoke,
  }: {
    readonly ruleArn: string;
    readonly target: Target;
    readonly event: unknown;
    readonly invoke: FireOptions['invoke'];
  },
): Promise<Invocation[]> {
  const fn = parts.functions.get(target ?? '');
  if (!fn)
    throw new SchedulerError(`rule ${ruleArn} targets ${target}, which is no function of this platform`);
  requirePermission(parts, fn, ruleArn);
  return await invokeAsynchronously(parts, fn, Input ? JSON.parse(Input) : event, invoke);
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
function scheduledEvent({ account, region }: PlatformParts, ruleArn: string, at: Date): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    // EventBridge gives whole seconds.
    time: at.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region,
    resources: [ruleArn],
    detail: {},
  };
}

function requirePermission({ permissions }: PlatformParts, fn: LocalFunction, ruleArn: string): void {
  const allowed = (permissions.get(fn.arn) ?? []).some(
    ({ principal, sourceArn }) => principal === 'events.amazonaws.com' && sourceArn === ruleArn,
  );
  if (!allowed)
    throw new SchedulerError(`${fn.path} does not let ${ruleArn} invoke it: add a Lambda permission`);
}

async function invokeAsynchronously(
  parts: PlatformParts,
  fn: LocalFunction,
  event: unknown,
  invoke: FireOptions['invoke'],
): Promise<Invocation[]> {
  const { maximumRetryAttempts, onFailure } = parts.invokeConfigs.get(fn.arn) ?? DEFAULT_INVOKE_CONFIG;
  const attempts: Invocation[] = [];
  do {
    attempts.push(await invoke(fn, event));
  } while (attempts.at(-1)?.error && attempts.length <= maximumRetryAttempts);
  const last = attempts.at(-1);
  if (last?.error && onFailure) await reportFailure(parts, fn, event, onFailure, last, attempts.length);
  return attempts;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
async function reportFailure(
  { clients: { sqs } }: PlatformParts,
  fn: LocalFunction,
  event: unknown,
  destination: string,
  { requestId, error }: Invocation,
  attempts: number,
): Promise<void> {
  const QueueName = destination.split(':').at(-1);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  const record = {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId,
      functionArn: `${fn.arn}:$LATEST`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: attempts,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: error?.errorType, errorMessage: error?.errorMessage },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(record) }));
}
