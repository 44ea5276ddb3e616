import {
  InvalidParameterException,
  InvalidRequestException,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { saidBy } from '../../shared/errors';
import { jsonOrUndefined } from '../../shared/json';
import { KeyRing } from '../key-ring/ring';
import { RollbackConflictError, RollbackRefusedError } from './errors';
import { leaveRingDates } from './leave-ring-dates';
import { checkPrevious, type LoginProof } from './rollback-checks';
import { RUNBOOK, type OperatedSecret } from './secret';
import { asked, readStages, readVersion, type SecretStages } from './stages';
import { requireAlive } from './start-rotation';

export interface RollbackRequest {
  readonly secretsManager: SecretsManagerClient;
  readonly secret: OperatedSecret;
  readonly proveLogin: LoginProof;
}

/** A rollback that has been checked and not yet been done. */
export interface PlannedRollback {
  /** The version that is current. */
  readonly from: string;
  /** The version that was current before, and is to be so again. */
  readonly to: string;
  /** What is known of it, in words. */
  readonly proven: string;
}

/**
 * Whether the previous version would do. Changes nothing.
 *
 * @throws RollbackRefusedError, SecretNotRotatableError, SecretUnavailableError
 */
export async function planRollback(request: RollbackRequest): Promise<PlannedRollback> {
  const { secretsManager, secret } = request;
  const versions = rollbackVersions(secret, await readStages(secretsManager, secret));
  return { ...versions, proven: await proofOf(request, versions) };
}

/**
 * Makes the previous version current again, and the current one the previous. What was proven is proven again
 * afterwards, and if it does not hold any more the current version comes back: a rotation may have begun meanwhile.
 *
 * @returns what did not work and does no harm
 * @throws RollbackConflictError, RollbackRefusedError, SecretUnavailableError
 */
export async function rollBack(
  request: RollbackRequest,
  plan: PlannedRollback,
): Promise<{ readonly remarks: readonly string[] }> {
  const { secretsManager, secret } = request;
  const stages = await readStages(secretsManager, secret);
  if (stages.current !== plan.from || stages.previous !== plan.to) throw conflict(secret);
  rollbackVersions(secret, stages);
  // A finished rotation leaves AWSPENDING on what it made. Left there, Secrets Manager would take it for a rotation
  // that is not complete, and the next one would bring back the very version that is rolled back here.
  if (stages.labelledPending === plan.from) {
    await moveLabel(request, 'AWSPENDING', { from: plan.from });
  }
  await moveLabel(request, 'AWSCURRENT', plan);
  try {
    const { pending } = await readStages(secretsManager, secret);
    if (pending !== undefined) {
      throw new RollbackConflictError(`a rotation to version ${pending} began at the same time`);
    }
    await proofOf(request, plan);
  } catch (error) {
    const what = `version ${plan.to} of "${secret.name}" no longer held once it was current (${saidBy(error)})`;
    await moveLabel(request, 'AWSCURRENT', { from: plan.to, to: plan.from }).catch((failed: unknown) => {
      throw new RollbackConflictError(
        `${what}, and version ${plan.from} could not be made current again (${saidBy(failed)}); rotate it now: golive secrets rotate ${secret.name}. ${RUNBOOK.rollback}`,
        { cause: error },
      );
    });
    throw new RollbackConflictError(
      `${what}, so version ${plan.from} is current again; see golive secrets list, and start anew when nothing is pending`,
      { cause: error },
    );
  }
  return { remarks: await remarksOn(request, plan) };
}

/** The dates of a ring's keys lie beside it, of the version that is current. Without them only a check does not run. */
async function remarksOn(
  { secretsManager, secret }: RollbackRequest,
  { to }: PlannedRollback,
): Promise<string[]> {
  if (secret.kind !== 'key-ring') return [];
  try {
    const ring = KeyRing.parse(jsonOrUndefined(await readVersion(secretsManager, secret, to)));
    await leaveRingDates(secretsManager, secret.arn, to, ring);
    return [];
  } catch (error) {
    return [
      `the dates of its keys could not be left on "${secret.name}" (${saidBy(error)}), so the check key-ring-next does not run until it rotates again; that asks for secretsmanager:TagResource`,
    ];
  }
}

async function proofOf(
  { secretsManager, secret, proveLogin }: RollbackRequest,
  { from, to }: Pick<PlannedRollback, 'from' | 'to'>,
): Promise<string> {
  const values = {
    current: await readVersion(secretsManager, secret, from),
    previous: await readVersion(secretsManager, secret, to),
  };
  return await checkPrevious(secret, values, proveLogin);
}

function rollbackVersions(secret: OperatedSecret, stages: SecretStages): { from: string; to: string } {
  requireAlive(secret, stages);
  const { current, pending, previous } = stages;
  if (pending !== undefined) {
    throw new RollbackRefusedError(
      `a rotation of "${secret.name}" to version ${pending} is not complete, and it would go on over a rollback; finish it first: golive secrets rotate ${secret.name}. ${RUNBOOK.failed}`,
    );
  }
  if (current === undefined) {
    throw new RollbackRefusedError(
      `"${secret.name}" has no current version, so nobody can read it; see its labels: aws secretsmanager list-secret-version-ids --secret-id ${secret.arn}`,
    );
  }
  if (previous === undefined || previous === current) {
    throw new RollbackRefusedError(
      `"${secret.name}" has no previous version: it was never rotated, so there is nothing to go back to`,
    );
  }
  return { from: current, to: previous };
}

/** Fails when the label is not where it was: somebody else has moved it. */
async function moveLabel(
  { secretsManager, secret }: RollbackRequest,
  label: 'AWSCURRENT' | 'AWSPENDING',
  { from, to }: { readonly from: string; readonly to?: string },
): Promise<void> {
  const moving = secretsManager
    .send(
      new UpdateSecretVersionStageCommand({
        SecretId: secret.arn,
        VersionStage: label,
        RemoveFromVersionId: from,
        ...(to !== undefined && { MoveToVersionId: to }),
      }),
    )
    .catch((error: unknown) => {
      const isElsewhere =
        error instanceof InvalidParameterException || error instanceof InvalidRequestException;
      throw isElsewhere ? conflict(secret, error) : error;
    });
  await asked(secret.name, 'secretsmanager:UpdateSecretVersionStage', moving);
}

function conflict({ name }: OperatedSecret, cause?: unknown): RollbackConflictError {
  return new RollbackConflictError(
    `somebody changed "${name}" between the check and the move, and nothing was moved; see golive secrets list, and start again`,
    { cause },
  );
}
