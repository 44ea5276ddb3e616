import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { acknowledge } from '../shared/acknowledge';

export interface ReadStacksProps {
  readonly environmentName: string;
  /** Where its stacks are. */
  readonly regions: readonly string[];
  /** Whether a change that CloudFormation has planned may be read, too. @default false */
  readonly changeSets?: boolean;
}

/**
 * What is deployed of one environment: its stacks' templates and settings. A template names secrets and holds none, and a
 * hidden parameter comes as asterisks. Nothing that the stacks hold can be read.
 */
export function grantReadStacks(role: Role, props: ReadStacksProps): void {
  const { environmentName, regions, changeSets = false } = props;
  const stacks = regions.map((region) =>
    Stack.of(role).formatArn({
      service: 'cloudformation',
      region,
      resource: 'stack',
      resourceName: `${environmentName}-*/*`,
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'ReadWhatIsDeployed',
      actions: [
        'cloudformation:DescribeStacks',
        'cloudformation:GetTemplate',
        ...(changeSets ? ['cloudformation:DescribeChangeSet'] : []),
      ],
      resources: stacks,
    }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      // Names and states, of which none can be named before: a stack that left the app is found by it alone.
      sid: 'FindStacks',
      actions: ['cloudformation:ListStacks'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
    }),
  );
  for (const stack of stacks) {
    acknowledge(
      role,
      'AwsSolutions',
      `AwsSolutions-IAM5[Resource::${stack}]`,
      'A stack has an id that CloudFormation gives, and the environment’s are named by their prefix; templates are read, and nothing else.',
    );
  }
  acknowledge(
    role,
    'AwsSolutions',
    'AwsSolutions-IAM5[Resource::*]',
    'ListStacks takes no resource; it tells names and states, of these regions.',
  );
}
