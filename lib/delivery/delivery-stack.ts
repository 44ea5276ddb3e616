import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { EnvironmentConfig } from '../config';
import { DeployRole } from './deploy-role';
import { DiffRole } from './diff-role';
import { GitHubProvider } from './github-provider';

export interface DeliveryStackProps extends StackProps {
  readonly config: EnvironmentConfig;
  readonly delivery: NonNullable<EnvironmentConfig['delivery']>;
}

/**
 * Who delivers this environment from GitHub, with no key that could leak: a role that pull requests look with, and one
 * that its GitHub environment deploys with. A person deploys it the first time, and it deploys itself from then on.
 */
export class DeliveryStack extends Stack {
  readonly diffRole: DiffRole;
  readonly deployRole: DeployRole;

  constructor(scope: Construct, id: string, props: DeliveryStackProps) {
    super(scope, id, props);
    const { config, delivery } = props;
    const { arn: providerArn } = new GitHubProvider(this, 'GitHub', { config, provider: delivery.provider });
    const role = {
      environmentName: config.name,
      delivery,
      providerArn,
      regions: [config.region, ...(config.disasterRecovery ? [config.disasterRecovery.region] : [])],
    };
    this.diffRole = new DiffRole(this, 'DiffRole', role);
    this.deployRole = new DeployRole(this, 'DeployRole', role);
  }
}
