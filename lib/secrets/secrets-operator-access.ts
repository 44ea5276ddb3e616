import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from '../shared/acknowledge';
import type { PlatformSettings } from '../shared/platform-settings';
import { grantReadServices } from './read-services-access';
import { grantKey } from '../shared/secret-access';
import { grantReadSecretsOperations } from '../shared/operations-access';

export interface SecretsOperatorAccessProps {
  readonly platform: PlatformSettings;
  /** Of every secret. */
  readonly secretArns: readonly string[];
  /** Of those that a function rotates. */
  readonly rotatedArns: readonly string[];
  /** Secrets Manager asks whether who starts a rotation may have its function called. */
  readonly rotationFunctionArns: readonly string[];
  /** Of those that people set. */
  readonly setByPeopleArns: readonly string[];
  /** Encrypts what people set. */
  readonly key: IKey;
}

/** What the operator on call needs of secrets: to see how they are, to rotate them, to set a third party's. To read none. */
export class SecretsOperatorAccess extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, props: SecretsOperatorAccessProps) {
    super(scope, id);
    const { platform } = props;
    this.policy = new ManagedPolicy(this, 'Policy', {
      // A permission set of IAM Identity Center names a customer managed policy, the same in every account.
      managedPolicyName: `golive-${platform.environmentName}-secrets-operator-${Stack.of(this).region}`,
      description: `Run golive secrets against ${platform.environmentName}: look, rotate, set; never read`,
    });
    grantReadSecretsOperations(this.policy, platform.environmentName);
    grantReadServices(this.policy);
    this.policy.addStatements(
      new PolicyStatement({
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'],
        resources: [...props.secretArns],
      }),
      new PolicyStatement({
        actions: ['secretsmanager:RotateSecret', 'secretsmanager:UpdateSecretVersionStage'],
        resources: [...props.rotatedArns],
      }),
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [...props.rotationFunctionArns],
      }),
      new PolicyStatement({
        actions: ['secretsmanager:PutSecretValue'],
        resources: [...props.setByPeopleArns],
      }),
    );
    // Secrets Manager asks for both before it encrypts; without GetSecretValue nothing can be read by it.
    grantKey(this.policy, ['kms:Decrypt', 'kms:GenerateDataKey'], props.key);
    acknowledge(
      this.policy,
      'AwsSolutions',
      'AwsSolutions-IAM5[Resource::*]',
      'Clusters are found by their tag, so the calls that look at them can name none before.',
    );
  }
}
