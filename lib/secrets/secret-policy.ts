import { Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnResourcePolicy } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * What holds of a secret whatever the policies of its readers allow: nobody of another account reads it, nobody
 * without TLS, and Secrets Manager refuses a policy that would open it to the public. Who may read it says so itself.
 *
 * Services have no account: Secrets Manager replicates by itself.
 */
export class SecretPolicy extends CfnResourcePolicy {
  constructor(scope: Construct, id: string, secretArn: string) {
    const deny = (sid: string, conditions: Record<string, Record<string, string>>) =>
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['secretsmanager:*'],
        resources: ['*'], // in a secret's policy: the secret
        conditions,
      });
    super(scope, id, {
      secretId: secretArn,
      blockPublicPolicy: true,
      resourcePolicy: new PolicyDocument({
        statements: [
          deny('NobodyWithoutTls', { Bool: { 'aws:SecureTransport': 'false' } }),
          deny('NobodyOfAnotherAccount', {
            StringNotEquals: { 'aws:PrincipalAccount': Stack.of(scope).account },
            Bool: { 'aws:PrincipalIsAWSService': 'false' },
          }),
        ],
      }),
    });
  }
}
