import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GoLiveError, saidBy } from '../../shared/errors';
import { SecretUnavailableError } from './errors';
import type { OperatedSecret } from './secret';

/** Which version has which staging label, and what else is known of a secret without reading it. */
export interface SecretStages {
  readonly current: string | undefined;
  /** What a rotation is making. Undefined also where the label lies on the current version, as a finished rotation leaves it. */
  readonly pending: string | undefined;
  readonly previous: string | undefined;
  /** The version with the label `AWSPENDING`, finished or not. */
  readonly labelledPending: string | undefined;
  readonly deletedAt: Date | undefined;
  readonly changedAt: Date | undefined;
  readonly createdAt: Date | undefined;
  readonly rotatedAt: Date | undefined;
  readonly nextRotationAt: Date | undefined;
  /** Undefined where Secrets Manager does not say. */
  readonly isRotating: boolean | undefined;
  /** Such as `prod-Secrets-RotateApp…`. */
  readonly functionName: string | undefined;
  readonly labelsOf: (versionId: string) => readonly string[];
}

/**
 * Looks at a secret's labels.
 *
 * @throws SecretUnavailableError
 */
export async function readStages(
  secretsManager: SecretsManagerClient,
  { name, arn }: Pick<OperatedSecret, 'name' | 'arn'>,
  signal?: AbortSignal,
): Promise<SecretStages> {
  const described = await asked(
    name,
    'secretsmanager:DescribeSecret',
    secretsManager.send(new DescribeSecretCommand({ SecretId: arn }), signal && { abortSignal: signal }),
    signal,
  );
  const labels = new Map(Object.entries(described.VersionIdsToStages ?? {}));
  const versionWith = (label: string) => [...labels].find(([, given]) => given.includes(label))?.[0];
  const [current, labelledPending] = [versionWith('AWSCURRENT'), versionWith('AWSPENDING')];
  return {
    current,
    pending: labelledPending === current ? undefined : labelledPending,
    previous: versionWith('AWSPREVIOUS'),
    labelledPending,
    deletedAt: described.DeletedDate,
    changedAt: described.LastChangedDate,
    createdAt: described.CreatedDate,
    rotatedAt: described.LastRotatedDate,
    nextRotationAt: described.NextRotationDate,
    isRotating: described.RotationEnabled,
    functionName: described.RotationLambdaARN?.split(':')[6],
    labelsOf: (versionId) => labels.get(versionId) ?? [],
  };
}

/**
 * Reads one version's value. Whoever gets it must not show it.
 *
 * @throws SecretUnavailableError
 */
export async function readVersion(
  secretsManager: SecretsManagerClient,
  { name, arn }: Pick<OperatedSecret, 'name' | 'arn'>,
  versionId: string,
): Promise<string> {
  const { SecretString } = await asked(
    name,
    'secretsmanager:GetSecretValue, and kms:Decrypt on its key',
    secretsManager.send(new GetSecretValueCommand({ SecretId: arn, VersionId: versionId })),
  );
  if (SecretString !== undefined) return SecretString;
  throw new SecretUnavailableError(
    `version ${versionId} of secret "${name}" holds bytes, and GoLive keeps text; set it anew`,
  );
}

/** What Secrets Manager answers, or an error with what to allow. */
export async function asked<T>(
  name: string,
  permission: string,
  answer: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GoLiveError) throw error;
    throw new SecretUnavailableError(
      (error as Error).name === 'ResourceNotFoundException'
        ? `secret "${name}", or a value of it, is not in this account and region; deploy the Secrets stack, or look at AWS_REGION`
        : `secret "${name}" could not be reached: ${saidBy(error)}; sign in (aws sso login), or ask for ${permission}`,
      { cause: error },
    );
  }
}
