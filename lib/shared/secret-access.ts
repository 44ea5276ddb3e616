import { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A secret and the key that encrypts it, by whichever stack they are made. */
export interface KeyedSecret {
  readonly secretArn: string;
  readonly keyArn: string;
}

/**
 * Lets somebody read a secret. It is all in the reader's own policy: `secret.grantRead` would name the reader in the
 * key's policy too, and so tie the secret's stack to every stack that reads.
 */
export function grantReadSecret(grantee: IGrantable & IConstruct, secret: KeyedSecret): void {
  allow(grantee, ['secretsmanager:GetSecretValue'], secret.secretArn);
  grantKey(grantee, ['kms:Decrypt'], secret);
}

/**
 * What a rotation function needs of its own secret, and of no other.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
 */
export function grantRotateSecret(grantee: IGrantable & IConstruct, secret: KeyedSecret): void {
  allow(
    grantee,
    [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    secret.secretArn,
  );
  grantKey(grantee, ['kms:Decrypt', 'kms:GenerateDataKey'], secret);
}

/** To make a secret's previous version the current one again, once both have been looked at. */
export function grantRollBackSecret(grantee: IGrantable & IConstruct, secret: KeyedSecret): void {
  allow(
    grantee,
    [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:ListSecretVersionIds',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    secret.secretArn,
  );
  grantKey(grantee, ['kms:Decrypt'], secret);
}

/** Only through Secrets Manager: nobody who may read a secret may decrypt anything else. */
export function grantKey(
  grantee: IGrantable & IConstruct,
  actions: string[],
  { keyArn }: Pick<KeyedSecret, 'keyArn'>,
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions,
      resources: [keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(grantee).region}.amazonaws.com` },
      },
    }),
  );
}

function allow(grantee: IGrantable, actions: string[], resource: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
}
