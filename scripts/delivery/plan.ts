import { GoLiveError } from '../../core/shared/errors';
import type { EnvironmentConfig } from '../../lib/config';
import { deliveryRoleNames } from '../../lib/delivery/role-names';

/** What a workflow must know of an environment to look at it, or to deploy it. */
export interface DeliveryPlan {
  readonly environment: string;
  readonly account: string;
  readonly region: string;
  /** Where its stacks are, its own region first. */
  readonly regions: readonly string[];
  readonly branch: string;
  readonly githubEnvironment: string;
  /** ARNs. */
  readonly diffRole: string;
  readonly deployRole: string;
}

export class WrongRepositoryError extends GoLiveError {
  readonly code = 'WrongRepositoryError';
}

/**
 * The plans of the environments that this repository delivers; none where the configuration names no repository.
 *
 * @param repository that the workflow runs in
 * @throws WrongRepositoryError when the configuration names another one, whose tokens alone the roles admit
 */
export function deliveryPlans(configs: readonly EnvironmentConfig[], repository: string): DeliveryPlan[] {
  return configs.flatMap(({ name, account, region, disasterRecovery, delivery }) => {
    if (!delivery) return [];
    if (delivery.repository !== repository)
      throw new WrongRepositoryError(
        `lib/config/${name}.ts is delivered by ${delivery.repository}, and this is ${repository}: edit delivery.repository there, and deploy ${name}/Delivery by hand`,
      );
    const roles = deliveryRoleNames(name);
    const arn = (role: string) => `arn:aws:iam::${account}:role/${role}`;
    return [
      {
        environment: name,
        account,
        region,
        regions: [region, ...(disasterRecovery ? [disasterRecovery.region] : [])],
        branch: delivery.branch,
        githubEnvironment: delivery.githubEnvironment,
        diffRole: arn(roles.diff),
        deployRole: arn(roles.deploy),
      },
    ];
  });
}
