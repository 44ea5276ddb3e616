import { Duration } from 'aws-cdk-lib';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { pullRequestOf } from './github-trust';
import { grantReadStacks } from './read-stacks-access';
import { deliveryRoleNames } from './role-names';

export interface DeliveryRoleProps {
  readonly environmentName: string;
  readonly delivery: NonNullable<EnvironmentConfig['delivery']>;
  readonly providerArn: string;
  /** Where the environment has stacks. */
  readonly regions: readonly string[];
}

/**
 * What a pull request may do here: read which templates are deployed. It assumes no other role: CDK's lookup role reads
 * most of the account's data, and its deploy role, which CDK would take for an accurate diff (aws-cdk-cli#1123), may
 * deploy anything. The comparison is our own (core/delivery).
 */
export class DiffRole extends Role {
  constructor(scope: Construct, id: string, props: DeliveryRoleProps) {
    const { environmentName, delivery, providerArn, regions } = props;
    super(scope, id, {
      roleName: deliveryRoleNames(environmentName).diff,
      description: `Pull requests of ${delivery.repository} read what is deployed of ${environmentName}`,
      assumedBy: pullRequestOf(providerArn, delivery),
      maxSessionDuration: Duration.hours(1), // IAM's shortest
    });
    grantReadStacks(this, { environmentName, regions });
  }
}
