import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { EnvironmentConfig } from '../config';

/** What the replica vault is called, and where it is. */
export interface ReplicaNames {
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  /** Of the key, without `alias/`. */
  readonly keyAlias: string;
}

/**
 * Physical names, which little else here has: the vault names its replica, the replica lies in another Region, and
 * CloudFormation passes no value from one Region to another. From environment, account and Region, all of which a
 * bucket's name, unique in the world, has to differ by; at most 59 of its 63 characters.
 *
 * @returns undefined where no disaster recovery is configured
 */
export function replicaNames(
  config: Pick<EnvironmentConfig, 'name' | 'account' | 'disasterRecovery'>,
): ReplicaNames | undefined {
  if (!config.disasterRecovery) return undefined;
  const { account } = config;
  const { region } = config.disasterRecovery;
  return {
    account,
    region,
    bucket: `golive-${config.name}-replica-${account}-${region}`,
    keyAlias: `golive-${config.name}-replica`,
  };
}

/** The replica vault's. */
export function replicaBucketArn(scope: IConstruct, { bucket }: ReplicaNames): string {
  return Stack.of(scope).formatArn({ service: 's3', region: '', account: '', resource: bucket });
}

/**
 * Of keys in the replica's Region. The key's own id is not known in another one; its alias is, and only the Recovery
 * stack gives that away, so a policy names any key there and {@link replicaKeyCondition} admits the one.
 *
 * @param resource such as `key/*`, or an alias
 */
export function replicaKeyArn(
  scope: IConstruct,
  { account, region }: ReplicaNames,
  resource = 'key/*',
): string {
  return Stack.of(scope).formatArn({
    service: 'kms',
    account,
    region,
    resource,
    arnFormat: ArnFormat.NO_RESOURCE_NAME,
  });
}

/** Only the replica's key. */
export function replicaKeyCondition({ keyAlias }: ReplicaNames) {
  return { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${keyAlias}` } };
}

/** Why a policy names any key of the replica's Region. */
export const ANY_KEY_THERE =
  "CloudFormation passes no key's ARN between regions; the condition admits the one with the replica's alias.";
