import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  ResourceNotFoundException,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ROTATION_STEPS, type RotationEvent, type RotationStep } from '../core/secrets/rotation';
import { GoLiveError } from '../core/shared/errors';

/** Every attempt failed. The pending version stays, and the next rotation goes on with it. */
export class RotationFailedError extends GoLiveError {
  readonly code = 'RotationFailedError';
}

/** Somebody changed the secret while it rotated, so Secrets Manager leaves the rotation as it is. */
export class RotationAbandonedError extends GoLiveError {
  readonly code = 'RotationAbandonedError';
}

/** The emulator does not do any more what this file makes of it. */
export class EmulatedRotationError extends GoLiveError {
  readonly code = 'EmulatedRotationError';
}

export interface RotateSecret {
  readonly secretsManager: SecretsManagerClient;
  /** ARN. */
  readonly secretId: string;
  /** Of the version to be made, where none is pending. @default a random one */
  readonly token?: string;
  /** Called when the pending version is there, and before the first step. */
  readonly onBegun?: (begun: Pick<Rotated, 'versionId' | 'isReattempt'>) => void;
  /** Carries out one step, as Secrets Manager invokes the function, and rejects when the function fails. */
  readonly invoke: (event: RotationEvent) => Promise<void>;
  /** How often the four steps are begun, of which the documentation says "multiple times". @default 3 */
  readonly attempts?: number;
  /** Called before each step. */
  readonly onStep?: (step: RotationStep, attempt: number) => void | Promise<void>;
}

export interface Rotated {
  /** The version that is current now. */
  readonly versionId: string;
  /** Whether an earlier rotation was not complete, so that this one went on with its version. */
  readonly isReattempt: boolean;
  readonly attempts: number;
}

const DEFAULT_ATTEMPTS = 3;

/**
 * Drives a rotation as Secrets Manager does, because the emulator calls no functions: it makes the pending version and
 * asks the function for the four steps in their order. After a failed step it begins with the first again. When
 * somebody puts or moves a version meanwhile, the rotation is abandoned as it is.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
 *
 * @throws RotationFailedError with the last step's error as its cause, RotationAbandonedError, EmulatedRotationError
 */
export async function rotateSecret(rotation: RotateSecret): Promise<Rotated> {
  const { secretsManager, secretId, invoke, attempts = DEFAULT_ATTEMPTS, onStep, onBegun } = rotation;
  const before = await labelsOf(secretsManager, secretId);
  const isReattempt = before.pending !== undefined && before.pending !== before.current;
  const token = isReattempt ? before.pending! : await beginRotation(secretsManager, secretId, rotation);
  onBegun?.({ versionId: token, isReattempt });
  for (let attempt = 1; ; attempt++) {
    try {
      for (const Step of ROTATION_STEPS) {
        await refuseChanged(secretsManager, secretId, before.current, token);
        await onStep?.(Step, attempt);
        await invoke({ Step, SecretId: secretId, ClientRequestToken: token });
      }
      await requireCurrent(secretsManager, secretId, token);
      return { versionId: token, isReattempt, attempts: attempt };
    } catch (error) {
      await refuseChanged(secretsManager, secretId, before.current, token);
      if (attempt < attempts) continue;
      throw new RotationFailedError(
        `${secretId} was not rotated in ${attempts} attempts: ${(error as Error).message}; correct what fails and rotate again, which goes on with version ${token}`,
        { cause: error },
      );
    }
  }
}

/** Which rotation function a secret has, and how often it rotates it. */
export interface RotationSettings {
  readonly functionArn: string;
  readonly days: number;
}

const ANY_SETTINGS: RotationSettings = {
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:rotation',
  days: 30,
};

/**
 * Switches a secret's rotation on at the emulator, and rotates nothing. What is left of it there is what
 * DescribeSecret shows: the function, the days, and when the next one is due.
 */
export async function scheduleRotation(
  secretsManager: SecretsManagerClient,
  secretId: string,
  settings: RotationSettings,
): Promise<void> {
  const token = await beginRotation(secretsManager, secretId, { settings });
  await takePendingFrom(secretsManager, secretId, token);
}

/**
 * Makes the pending version that RotateSecret makes, which has no value yet.
 *
 * The emulator's own RotateSecret would make a version without a value current. But it refuses a function that it does
 * not know, and all of ours, only after it has made the version and noted the settings: just what a real one does
 * before it invokes the function.
 */
async function beginRotation(
  secretsManager: SecretsManagerClient,
  SecretId: string,
  { settings, token = randomUUID() }: { readonly settings?: RotationSettings; readonly token?: string },
): Promise<string> {
  const described = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const { current, pending } = labels(described.VersionIdsToStages);
  // Left there by the last rotation, where it hinders the emulator alone.
  if (pending !== undefined && pending === current) await takePendingFrom(secretsManager, SecretId, pending);
  const refused = await secretsManager
    .send(
      new RotateSecretCommand({
        SecretId,
        ClientRequestToken: token,
        RotationLambdaARN: settings?.functionArn ?? (described.RotationLambdaARN || ANY_SETTINGS.functionArn),
        RotationRules: {
          AutomaticallyAfterDays:
            settings?.days ?? (described.RotationRules?.AutomaticallyAfterDays || ANY_SETTINGS.days),
        },
      }),
    )
    .then(
      () => false,
      (error: unknown) => {
        if (error instanceof ResourceNotFoundException && /ARN/.test(error.message)) return true;
        throw error;
      },
    );
  const after = await labelsOf(secretsManager, SecretId);
  if (!refused || after.pending !== token || after.current !== current) {
    throw new EmulatedRotationError(
      `the emulator made of RotateSecret what it did not before; see whether moto has another version than requireTools asks for, and teach local/rotation.ts`,
    );
  }
  return token;
}

async function takePendingFrom(
  secretsManager: SecretsManagerClient,
  SecretId: string,
  RemoveFromVersionId: string,
): Promise<void> {
  await secretsManager.send(
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId }),
  );
}

async function refuseChanged(
  secretsManager: SecretsManagerClient,
  secretId: string,
  currentBefore: string | undefined,
  token: string,
): Promise<void> {
  const { current, pending } = await labelsOf(secretsManager, secretId);
  if (current === token || (current === currentBefore && pending === token)) return;
  throw new RotationAbandonedError(
    `the rotation of ${secretId} to version ${token} was abandoned: version ${current ?? '(none)'} is current and ${pending ?? 'none'} is pending, so somebody changed the secret meanwhile; rotate again`,
  );
}

async function requireCurrent(
  secretsManager: SecretsManagerClient,
  secretId: string,
  token: string,
): Promise<void> {
  const { current } = await labelsOf(secretsManager, secretId);
  if (current === token) return;
  throw new EmulatedRotationError(
    `all steps of the rotation of ${secretId} succeeded and version ${current ?? '(none)'} is current instead of ${token}; correct the function's finishSecret`,
  );
}

async function labelsOf(secretsManager: SecretsManagerClient, secretId: string) {
  const { VersionIdsToStages } = await secretsManager.send(new DescribeSecretCommand({ SecretId: secretId }));
  return labels(VersionIdsToStages);
}

function labels(stages: Readonly<Record<string, string[]>> = {}) {
  const versionWith = (label: string) => Object.keys(stages).find((id) => stages[id]?.includes(label));
  return { current: versionWith('AWSCURRENT'), pending: versionWith('AWSPENDING') };
}
