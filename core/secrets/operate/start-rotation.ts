import { randomUUID } from 'node:crypto';
import {
  InvalidRequestException,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SecretNotRotatableError } from './errors';
import type { OperatedSecret } from './secret';
import { asked, readStages, type SecretStages } from './stages';

/** A rotation that Secrets Manager has been asked for. */
export interface StartedRotation {
  /** The version that is to become current; undefined while Secrets Manager does not say which. */
  readonly versionId: string | undefined;
  /** Whether an earlier rotation was not complete, so that Secrets Manager goes on with that one. */
  readonly isReattempt: boolean;
  readonly before: SecretStages;
}

/**
 * Asks Secrets Manager for a rotation now. One that is not complete is not replaced: Secrets Manager tries it again,
 * which is what heals a function that was killed half-way.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 *
 * @throws SecretNotRotatableError, SecretUnavailableError
 */
export async function startRotation(
  secretsManager: SecretsManagerClient,
  secret: OperatedSecret,
): Promise<StartedRotation> {
  requireRotatable(secret);
  const before = await readStages(secretsManager, secret);
  requireAlive(secret, before);
  if (before.isRotating === false) {
    throw new SecretNotRotatableError(
      `the rotation of "${secret.name}" is turned off; deploy the Secrets stack, which turns it on, and try again`,
    );
  }
  const refused = Symbol();
  // One token for every retry of the call: a lost answer starts no second rotation.
  const asking = secretsManager
    .send(new RotateSecretCommand({ SecretId: secret.arn, ClientRequestToken: randomUUID() }))
    .catch((error: unknown) => {
      if (isIncomplete(error)) return refused;
      throw error;
    });
  const answer = await asked(secret.name, 'secretsmanager:RotateSecret', asking);
  if (typeof answer !== 'symbol') return { versionId: answer.VersionId, isReattempt: false, before };
  if (before.pending !== undefined) return { versionId: before.pending, isReattempt: true, before };
  // It began after we looked, and may be done by now.
  const { pending, current } = await readStages(secretsManager, secret);
  const versionId = pending ?? (current === before.current ? undefined : current);
  return { versionId, isReattempt: true, before };
}

/**
 * Whether anything rotates it at all.
 *
 * @throws SecretNotRotatableError
 */
export function requireRotatable({ name, kind }: OperatedSecret): void {
  if (kind !== 'set-by-people') return;
  throw new SecretNotRotatableError(
    `"${name}" comes from a third party, so only people can renew it: make a new one there, run golive secrets set ${name}, and revoke the old one when nothing uses it any more`,
  );
}

/** @throws SecretNotRotatableError */
export function requireAlive({ name, arn }: OperatedSecret, { deletedAt }: SecretStages): void {
  if (!deletedAt) return;
  throw new SecretNotRotatableError(
    `"${name}" was marked for deletion on ${deletedAt.toISOString()}; take that back first: aws secretsmanager restore-secret --secret-id ${arn}`,
  );
}

/** "A previous rotation isn't complete. That rotation will be reattempted." */
function isIncomplete(error: unknown): boolean {
  return (
    error instanceof InvalidRequestException &&
    /previous rotation (isn.t complete|request is still in progress)/i.test(error.message)
  );
}
