import { RemovalPolicy, type SecretValue } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type CfnSecret, Secret, type SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { SecretName } from '../../core/secrets/catalogue';
import type { ReplicaNames } from '../recovery/replica-names';
import { acknowledge } from '../shared/acknowledge';
import type { PlatformSettings } from '../shared/platform-settings';
import type { KeyedSecret } from '../shared/secret-access';
import { SecretPolicy } from './secret-policy';

export interface PlatformSecretProps {
  readonly name: SecretName;
  /** What it is, for whoever reads the list of secrets. */
  readonly description: string;
  readonly platform: PlatformSettings;
  readonly key: IKey;
  /**
   * What it holds until it is rotated, or set. CloudFormation puts a new value whenever this text changes, over
   * whatever is there: so nothing that may change stands in it.
   */
  readonly initially: { readonly generated: SecretStringGenerator } | { readonly placeholder: SecretValue };
  /**
   * For who cannot be told its ARN. Such a secret goes with its stack, whatever the environment says: left behind, it
   * would keep the name from the next one. @default CloudFormation names it
   */
  readonly physicalName?: string;
  /** Where it is replicated to. @default nowhere */
  readonly replica?: ReplicaNames | undefined;
  /** Whether only people can renew it. @default false - a function does */
  readonly isSetByPeople?: boolean;
}

/** One of the environment's secrets: of its own policy, encrypted with a customer key, and replicated where told. */
export class PlatformSecret extends Construct implements KeyedSecret {
  readonly name: SecretName;
  readonly secretArn: string;
  readonly keyArn: string;

  constructor(scope: Construct, id: string, props: PlatformSecretProps) {
    super(scope, id);
    const { name, physicalName, platform, key, initially, replica, isSetByPeople = false } = props;
    const secret = new Secret(this, 'Secret', {
      description: `${props.description} (${platform.environmentName})`,
      encryptionKey: key,
      ...(physicalName === undefined
        ? { removalPolicy: platform.removalPolicy }
        : { secretName: physicalName, removalPolicy: RemovalPolicy.DESTROY }),
      ...('generated' in initially
        ? { generateSecretString: initially.generated }
        : { secretStringValue: initially.placeholder }),
    });
    if (replica) {
      // Not by the L2, which would take the key by its ARN, and that of another region is not known here.
      (secret.node.defaultChild as CfnSecret).replicaRegions = [
        { region: replica.region, kmsKeyId: `alias/${replica.keyAlias}` },
      ];
    }
    this.name = name;
    this.secretArn = secret.secretArn;
    this.keyArn = key.keyArn;
    new SecretPolicy(this, 'Policy', this.secretArn);
    if (isSetByPeople) {
      acknowledge(
        secret,
        'AwsSolutions',
        'AwsSolutions-SMG4',
        'It comes from a third party, where only people can make a new one.',
      );
    }
  }
}
