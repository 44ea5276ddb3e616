import type { ServiceFact } from '../pick-up/services';
import type { SecretFact } from './facts';
import { isUnreadable } from './facts';

/** A service that gets the secret at the start of its tasks, and whether they started with the present value. */
export interface PickUpFact {
  readonly service: ServiceFact;
  /**
   * `no`: tasks of a deployment from before the change are there. `uncertain`: the label went back to an older
   * version, and no date says whether before or after the deployment.
   */
  readonly pickedUp: 'yes' | 'no' | 'uncertain';
}

/** Whether they took over the present value. What is pinned, or has no tasks, has nothing to take over. */
export function pickUpsOf(
  { arn, state }: Pick<SecretFact, 'arn' | 'state'>,
  services: readonly ServiceFact[],
): PickUpFact[] {
  const moved = isUnreadable(state) ? undefined : state.labelMoved;
  if (!moved) return [];
  return services
    .filter(({ isRunning, uses }) => isRunning && uses.some((use) => needsRestart(use, arn)))
    .map((service) => {
      const { oldestCreatedAt: began } = service;
      if (!began) return { service, pickedUp: 'uncertain' };
      if (began >= moved.notAfter) return { service, pickedUp: 'yes' };
      return { service, pickedUp: moved.isRollback && began >= moved.notBefore ? 'uncertain' : 'no' };
    });
}

function needsRestart(use: ServiceFact['uses'][number], arn: string): boolean {
  return use.secretArn === arn && use.how === 'injected-at-start' && !use.isPinned;
}
