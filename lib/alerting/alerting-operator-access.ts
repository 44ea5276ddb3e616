import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import { grantReadAlertingOperations } from '../shared/operations-access';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadExecutions } from './path-proof';

export interface AlertingOperatorAccessProps {
  readonly platform: PlatformSettings;
  /** Where the environment has alarms. */
  readonly regions: readonly string[];
}

/** What the operator on call needs of alarms: to see how they are, and to test their path. Not to set one, nor to change a route. */
export class AlertingOperatorAccess extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { platform, regions }: AlertingOperatorAccessProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      // A permission set of IAM Identity Center names a customer managed policy, the same in every account.
      managedPolicyName: `golive-${platform.environmentName}-alerting-operator-${Stack.of(this).region}`,
      description: `Run golive status and golive alarms against ${platform.environmentName}: look, and test the path`,
    });
    grantReadAlertingOperations(this.policy, platform.environmentName);
    // Composite alarms are told to nobody whose right is narrower.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    this.policy.addStatements(
      new PolicyStatement({
        actions: ['cloudwatch:DescribeAlarms'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
      }),
    );
    acknowledge(
      this.policy,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'Read-only, and composite alarms are told to nobody whose right names a resource: in these regions alone.',
    );
  }

  /** To test the path, where there is one. */
  grantProve(proof: StateMachine): void {
    proof.grantStartExecution(this.policy);
    grantReadExecutions(this.policy, proof);
  }
}
