import { randomUUID } from 'node:crypto';
import { DescribeRuleCommand, ListRulesCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import type { PlatformParts } from './cloudformation/provider';
import { invokeTarget, type FireOptions } from './scheduler';

export interface PlatformEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Sends an event to the functions of every rule whose pattern it matches, as EventBridge would. Of patterns, lists of
 * values are played, as ours have them.
 */
export async function deliverEvent(
  event: PlatformEvent,
  parts: PlatformParts,
  invoke: FireOptions['invoke'],
): Promise<void> {
  const { eventBridge } = parts.clients;
  const whole = {
    version: '0',
    id: randomUUID(),
    account: parts.account,
    region: parts.region,
    time: new Date().toISOString(),
    ...event,
  };
  const { Rules = [] } = await eventBridge.send(new ListRulesCommand({}));
  for (const { Name, EventPattern } of Rules) {
    if (EventPattern === undefined || !matches(JSON.parse(EventPattern), whole)) continue;
    const { Arn = '' } = await eventBridge.send(new DescribeRuleCommand({ Name }));
    const { Targets = [] } = await eventBridge.send(new ListTargetsByRuleCommand({ Rule: Name }));
    await Promise.all(
      Targets.map((target) => invokeTarget(parts, { ruleArn: Arn, target, event: whole, invoke })),
    );
  }
}

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return [value].flat().some((one) => pattern.includes(one));
  if (typeof pattern !== 'object' || pattern === null || typeof value !== 'object' || value === null)
    return false;
  return Object.entries(pattern).every(([key, part]) =>
    matches(part, (value as Record<string, unknown>)[key]),
  );
}
