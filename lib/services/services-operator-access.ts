import { Stack } from 'aws-cdk-lib';
import type { CfnCluster, ICluster } from 'aws-cdk-lib/aws-ecs';
import { type IGrantable, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import { grantReadServicesOperations } from '../shared/operations-access';
import type { PlatformSettings } from '../shared/platform-settings';

export interface ServicesOperatorAccessProps {
  readonly platform: PlatformSettings;
  readonly cluster: ICluster;
}

/** What the operator on call needs of services, and whoever deploys them: to see what runs. To change nothing. */
export class ServicesOperatorAccess extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { platform, cluster }: ServicesOperatorAccessProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      // A permission set of IAM Identity Center names a customer managed policy, the same in every account.
      managedPolicyName: `golive-${platform.environmentName}-services-operator-${Stack.of(this).region}`,
      description: `Run golive services against ${platform.environmentName}: look, and change nothing`,
    });
    grantReadServicesOperations(this.policy, platform.environmentName);
    grantReadDeployments(this.policy, cluster);
  }
}

/** What is of a cluster by its name, and the calls that look at it. */
const BY_NAME = {
  service: ['ecs:DescribeServices', 'ecs:ListServiceDeployments'],
  'service-deployment': ['ecs:DescribeServiceDeployments'],
  'service-revision': ['ecs:DescribeServiceRevisions'],
} as const;

/**
 * Lets somebody see what runs in a cluster, and how its deployments ended.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment-permissions.html
 */
function grantReadDeployments(grantee: IGrantable & IConstruct, cluster: ICluster): void {
  const allow = (statement: PolicyStatement) => grantee.grantPrincipal.addToPrincipalPolicy(statement);
  const stack = Stack.of(grantee);
  for (const [resource, actions] of Object.entries(BY_NAME)) {
    const resourceName = `${cluster.clusterName}/*`;
    allow(
      new PolicyStatement({
        actions: [...actions],
        resources: [stack.formatArn({ service: 'ecs', resource, resourceName })],
      }),
    );
    const named = `<${stack.getLogicalId(cluster.node.defaultChild as CfnCluster)}>/*`;
    acknowledge(
      grantee,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::arn:${stack.partition}:ecs:${stack.region}:${stack.account}:${resource}/${named}]`,
      'Services, deployments and revisions are named when they are made: those of one cluster.',
    );
  }
  allow(
    new PolicyStatement({
      actions: ['ecs:ListTasks', 'ecs:DescribeTasks'],
      resources: ['*'],
      conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
    }),
  );
  allow(new PolicyStatement({ actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] }));
  acknowledge(
    grantee,
    'AwsSolutions',
    'AwsSolutions-IAM5[Resource::*]',
    'Tasks are named when they begin: those of one cluster. A task definition can be named by no policy.',
  );
}
