import { setTimeout as delay } from 'node:timers/promises';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { counted } from '../../shared/units';
import { RotationAbandonedError, RotationTimeoutError } from './errors';
import { RUNBOOK, type OperatedSecret } from './secret';
import { readStages, type SecretStages } from './stages';
import type { StartedRotation } from './start-rotation';

/** What can be seen of a rotation from outside of its function. */
export type RotationStep = 'asked' | 'reattempted' | 'pending' | 'current';

export interface FollowRequest {
  readonly secretsManager: SecretsManagerClient;
  readonly secret: OperatedSecret;
  readonly started: StartedRotation;
  readonly timeoutMinutes: number;
  readonly onStep?: ((step: RotationStep) => void) | undefined;
  /** Ends the following. Secrets Manager goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
  readonly pause?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface FollowedRotation {
  /** What was current before. */
  readonly from: string | undefined;
  readonly to: string;
  /** Whether it was current and is so no more: rotated again, or rolled back, before we looked. */
  readonly isReplaced: boolean;
  readonly milliseconds: number;
}

/** A rotation takes seconds: looked at often at first, and then seldom, so that a slow one costs few calls. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Stays with a rotation until the new version is current.
 *
 * @throws RotationTimeoutError, RotationAbandonedError, SecretUnavailableError, or the signal's reason
 */
export async function followRotation(request: FollowRequest): Promise<FollowedRotation> {
  const { secretsManager, secret, started, signal, onStep = () => undefined } = request;
  const { clock = () => performance.now(), pause = pauseFor } = request;
  const began = clock();
  const deadline = began + request.timeoutMinutes * 60_000;
  onStep(started.isReattempt ? 'reattempted' : 'asked');
  let { versionId } = started;
  let wasPending = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
    signal?.throwIfAborted();
    const stages = await readStages(secretsManager, secret, signal);
    versionId ??= stages.pending;
    const labels = versionId === undefined ? [] : stages.labelsOf(versionId);
    if (versionId !== undefined && (labels.includes('AWSCURRENT') || labels.includes('AWSPREVIOUS'))) {
      onStep('current');
      const isReplaced = !labels.includes('AWSCURRENT');
      return { from: started.before.current, to: versionId, isReplaced, milliseconds: clock() - began };
    }
    if (labels.includes('AWSPENDING') && !wasPending) {
      wasPending = true;
      onStep('pending');
    }
    requireGoingOn(secret, started, versionId, wasPending, stages);
    const leftMs = deadline - clock();
    if (leftMs <= 0) throw timedOut(request, versionId, stages);
    await pause(Math.min(pauseMs, leftMs), signal);
  }
}

function requireGoingOn(
  { name }: OperatedSecret,
  { before }: StartedRotation,
  versionId: string | undefined,
  wasPending: boolean,
  { current, pending, labelsOf }: SecretStages,
): void {
  const what = `the rotation of "${name}"${versionId === undefined ? '' : ` to version ${versionId}`} was abandoned`;
  if (current !== before.current) {
    throw new RotationAbandonedError(
      `${what}: version ${current ?? '(none)'} became current instead, so somebody else set or rotated it meanwhile; see who with golive audit --action secret. and in CloudTrail, and rotate again if that one is not to stay`,
    );
  }
  if (versionId === undefined) return;
  if (pending !== undefined && pending !== versionId) {
    throw new RotationAbandonedError(
      `${what}: version ${pending} is pending in its place; follow that one: golive secrets rotate ${name}`,
    );
  }
  if (wasPending && labelsOf(versionId).length === 0) {
    throw new RotationAbandonedError(
      `${what}: its label AWSPENDING was taken away, and version ${current ?? '(none)'} stays current; see who did in CloudTrail, and rotate again. ${RUNBOOK.failed}`,
    );
  }
}

function timedOut(
  { secret, timeoutMinutes }: FollowRequest,
  versionId: string | undefined,
  { current, pending, functionName }: SecretStages,
): RotationTimeoutError {
  const state =
    pending === undefined
      ? `no version ${versionId ?? ''} is pending yet`.replace('  ', ' ')
      : `version ${pending} is still pending`;
  const label = secret.functionLabel === undefined ? '' : ` (${secret.functionLabel})`;
  const log =
    functionName === undefined
      ? `the log group of its rotation function${label}`
      : `the log of function ${functionName}${label}: aws logs tail --since 1h "$(aws lambda get-function-configuration --function-name ${functionName} --query LoggingConfig.LogGroup --output text)"`;
  return new RotationTimeoutError(
    `"${secret.name}" was not rotated in ${counted(timeoutMinutes, 'minute')}: ${state}, and version ${current ?? '(none)'}, which works as before, is current. Secrets Manager goes on trying; see why it fails in ${log}; and then ${RUNBOOK.failed}`,
  );
}

async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, signal && { signal });
}
