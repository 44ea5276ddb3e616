import { DefaultStackSynthesizer, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { DeliveryRoleProps } from './diff-role';
import { environmentOf } from './github-trust';
import { grantReadRunningServices } from './read-services-access';
import { grantReadStacks } from './read-stacks-access';
import { deliveryRoleNames } from './role-names';

/** Those of `cdk bootstrap` that `cdk deploy` takes on itself; the one that makes resources is CloudFormation's to take. */
const BOOTSTRAP_ROLES = ['deploy', 'file-publishing', 'image-publishing', 'lookup'] as const;

/**
 * Deploys this environment, from a job that its GitHub environment approved. By itself it only reads what is planned and
 * what runs; the rest it does as the roles of `cdk bootstrap`, of this account and of the environment's regions alone.
 *
 * It has no permissions boundary: one would bind this role, and not those that it assumes, which are as strong as the
 * policy that the account was bootstrapped with.
 */
export class DeployRole extends Role {
  constructor(scope: Construct, id: string, props: DeliveryRoleProps) {
    const { environmentName, delivery, providerArn, regions } = props;
    super(scope, id, {
      roleName: deliveryRoleNames(environmentName).deploy,
      description: `The GitHub environment ${delivery.githubEnvironment} of ${delivery.repository} deploys ${environmentName}`,
      assumedBy: environmentOf(providerArn, delivery),
      // A first deployment makes an RDS instance with a standby, then its replica's region.
      maxSessionDuration: Duration.hours(2),
    });
    grantReadStacks(this, { environmentName, regions, changeSets: true });
    grantReadRunningServices(this, environmentName);
    this.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'DeployAsBootstrapped',
        actions: ['sts:AssumeRole'],
        resources: regions.flatMap((region) =>
          BOOTSTRAP_ROLES.map((name) => bootstrapRole(this, name, region)),
        ),
      }),
    );
  }
}

function bootstrapRole(role: Role, name: (typeof BOOTSTRAP_ROLES)[number], region: string): string {
  const { account, partition, synthesizer } = Stack.of(role);
  const qualifier = synthesizer.bootstrapQualifier ?? DefaultStackSynthesizer.DEFAULT_QUALIFIER;
  return `arn:${partition}:iam::${account}:role/cdk-${qualifier}-${name}-role-${account}-${region}`;
}
