import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from '../shared/acknowledge';
import { grantReadOperations, grantReadServicesOperations } from '../shared/operations-access';

const REASON =
  'The cluster is made after this role and named by CloudFormation after its stack; what is allowed reads what runs.';

/** What is of a cluster by its name, and the calls that look at it. */
const BY_NAME = {
  service: ['ecs:DescribeServices', 'ecs:ListServiceDeployments'],
  'service-deployment': ['ecs:DescribeServiceDeployments'],
  'service-revision': ['ecs:DescribeServiceRevisions'],
} as const;

/**
 * What `golive services status` reads, so that a deployment ends with what runs and not with what a tool believes. The
 * Services stack has a policy of the same for people; this role must be there before that stack, so the cluster is named by
 * the prefix that CloudFormation gives it.
 */
export function grantReadRunningServices(role: Role, environmentName: string): void {
  const stack = Stack.of(role);
  const cluster = `${environmentName}-Services-*`;
  grantReadOperations(role, environmentName);
  grantReadServicesOperations(role, environmentName);
  for (const [resource, actions] of Object.entries(BY_NAME)) {
    const arn = stack.formatArn({ service: 'ecs', resource, resourceName: `${cluster}/*` });
    role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [arn] }));
    acknowledge(role, 'AwsSolutions', `AwsSolutions-IAM5[Resource::${arn}]`, REASON);
  }
  role.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ecs:ListTasks', 'ecs:DescribeTasks'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'ecs:cluster': stack.formatArn({ service: 'ecs', resource: 'cluster', resourceName: cluster }),
        },
      },
    }),
  );
  // A task definition can be named by no policy.
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['ecs:DescribeTaskDefinition'], resources: ['*'] }),
  );
}
