import { ArnFormat, Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { acknowledge } from './acknowledge';

/** A secret and the key that encrypts it, by whichever stack they are made. */
export interface KeyedSecret {
  readonly secretArn: string;
  readonly keyArn: string;
}

/** A secret of the own region that is known by its name alone, wherever and whenever it is made. */
export interface NamedSecret {
  readonly name: string;
  /** Of the key that encrypts it there, without `alias/`. */
  readonly keyAlias: string;
}

/**
 * Lets somebody read a secret. It is all in the reader's own policy: `secret.grantRead` would name the reader in the
 * key's policy too, and so tie the secret's stack to every stack that reads.
 */
export function grantReadSecret(grantee: IGrantable & IConstruct, secret: KeyedSecret): void {
  allow(grantee, ['secretsmanager:GetSecretValue'], secret.secretArn);
  grantKey(grantee, ['kms:Decrypt'], secret);
}

/** {@link grantReadSecret} of a secret whose ARN, and whose key's, are not known. */
export function grantReadNamedSecret(grantee: IGrantable & IConstruct, secret: NamedSecret): void {
  const stack = Stack.of(grantee);
  // Secrets Manager ends an ARN with a hyphen and six characters of its own.
  const secretArn = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secret.name}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  allow(grantee, ['secretsmanager:GetSecretValue'], secretArn);
  // Any key of this region, which the conditions narrow to the one with the alias, and to Secrets Manager.
  const anyKeyHere = stack.formatArn({
    service: 'kms',
    resource: 'key/*',
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
  grantKey(
    grantee,
    ['kms:Decrypt'],
    { keyArn: anyKeyHere },
    { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${secret.keyAlias}` } },
  );
  acknowledge(
    grantee,
    'AwsSolutions',
    `AwsSolutions-IAM5[Resource::${anyKeyHere}]`,
    "The secret's stack is made later, or in another region: the conditions admit the key with its alias, for Secrets Manager alone.",
  );
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
  narrowedBy: Record<string, Record<string, string>> = {},
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions,
      resources: [keyArn],
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(grantee).region}.amazonaws.com` },
        ...narrowedBy,
      },
    }),
  );
}

function allow(grantee: IGrantable, actions: string[], resource: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
}
