import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { grantReadAlertingOperations } from '../shared/operations-access';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadExecutions } from './path-proof';

export interface AlertingOperatorAccessProps {
  readonly platform: PlatformSettings;
  readonly proof: StateMachine;
}

/** What the operator on call needs of the alarm path: to test it. Not to set an alarm, nor to change a route. */
export class AlertingOperatorAccess extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { platform, proof }: AlertingOperatorAccessProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      // A permission set of IAM Identity Center names a customer managed policy, the same in every account.
      managedPolicyName: `golive-${platform.environmentName}-alerting-operator-${Stack.of(this).region}`,
      description: `Run golive alarms against ${platform.environmentName}: test the path of alarms`,
    });
    grantReadAlertingOperations(this.policy, platform.environmentName);
    proof.grantStartExecution(this.policy);
    grantReadExecutions(this.policy, proof);
  }
}
