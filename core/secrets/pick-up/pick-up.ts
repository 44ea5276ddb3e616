import { UpdateServiceCommand, type ECSClient } from '@aws-sdk/client-ecs';
import { saidBy } from '../../shared/errors';
import type { LabelUpdate } from './label-event';
import { listServices, type ServiceFact, type ServicesRequest } from './services';

export interface PickUpRequest extends Omit<ServicesRequest, 'secretArns'> {
  /** Those of other labels than `AWSCURRENT` ask for nothing. */
  readonly updates: readonly LabelUpdate[];
}

/** What was done, or why it was not, for one service and the secrets that changed for it. */
export interface ServicePickUp {
  readonly service: ServiceFact;
  readonly secretArns: readonly string[];
  /**
   * - `started`: a new deployment
   * - `not-needed`: its deployment began after the change, or it has no tasks
   * - `not-ours`: CodeDeploy or a program of the team's own replaces its tasks, and must be asked instead
   * - `failed`: ECS refused; the reason stands in `error`
   */
  readonly outcome: 'started' | 'not-needed' | 'not-ours' | 'failed';
  readonly error?: string;
}

export interface PickUpResult {
  readonly services: readonly ServicePickUp[];
  /** Secrets that changed and that no service gets at its start: nothing is to be done for them. */
  readonly unused: readonly string[];
}

/**
 * Lets the services that get a secret only at their start begin anew, so that they take over its present value: one
 * deployment for each, however many secrets changed how often. A service whose deployment was created after the last
 * change has started with it, so a repeated event starts nothing.
 *
 * ECS knows no conditional update: two of these at once may both see an old deployment, so the caller runs one at a
 * time. The second would cost one more rolling deployment and harm nothing.
 *
 * @throws ServicesUnreadableError
 */
export async function pickUp({ updates, ...request }: PickUpRequest): Promise<PickUpResult> {
  const changes = lastChanges(updates);
  if (changes.size === 0) return { services: [], unused: [] };
  const services = await listServices({ ...request, secretArns: [...changes.keys()] });
  const done: ServicePickUp[] = [];
  for (const service of services) {
    const secretArns = injectedInto(service);
    if (secretArns.length > 0) done.push(await renew(request.ecs, service, secretArns, changes));
  }
  const used = new Set(done.flatMap(({ secretArns }) => secretArns));
  return { services: done, unused: [...changes.keys()].filter((arn) => !used.has(arn)) };
}

/** For each secret, when its current value last changed. */
function lastChanges(updates: readonly LabelUpdate[]): Map<string, Date> {
  const changes = new Map<string, Date>();
  for (const { secretArn, label, at } of updates) {
    if (label !== 'AWSCURRENT') continue;
    const known = changes.get(secretArn);
    if (!known || at > known) changes.set(secretArn, at);
  }
  return changes;
}

function injectedInto({ uses }: ServiceFact): string[] {
  const needing = uses.filter(({ how, isPinned }) => how === 'injected-at-start' && !isPinned);
  return [...new Set(needing.map(({ secretArn }) => secretArn))];
}

async function renew(
  ecs: ECSClient,
  service: ServiceFact,
  secretArns: readonly string[],
  changes: ReadonlyMap<string, Date>,
): Promise<ServicePickUp> {
  const changedAt = Math.max(...secretArns.map((arn) => changes.get(arn)?.getTime() ?? 0));
  if (!service.isRunning || isAfter(service.primaryCreatedAt, changedAt)) {
    return { service, secretArns, outcome: 'not-needed' };
  }
  if (service.controller !== 'ECS') return { service, secretArns, outcome: 'not-ours' };
  try {
    await ecs.send(
      new UpdateServiceCommand({
        cluster: service.clusterArn,
        service: service.serviceArn,
        forceNewDeployment: true,
      }),
    );
    return { service, secretArns, outcome: 'started' };
  } catch (error) {
    if (isGone(error)) return { service, secretArns, outcome: 'not-needed' };
    return { service, secretArns, outcome: 'failed', error: saidBy(error) };
  }
}

/**
 * The event's time is cut to the second, and the clocks of two services differ a little. The queue holds every event
 * back for longer than this, so that a deployment of ours is always clearly later.
 */
const TOLERANCE_MS = 5_000;

function isAfter(createdAt: Date | undefined, changedAt: number): boolean {
  return createdAt !== undefined && createdAt.getTime() >= changedAt + TOLERANCE_MS;
}

/** Deleted since it was listed: its tasks go, and nothing is left to start. */
function isGone(error: unknown): boolean {
  return ['ServiceNotFoundException', 'ServiceNotActiveException'].includes((error as Error).name);
}
