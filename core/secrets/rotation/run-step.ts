import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { OtherSecretError, RotationDisabledError, RotationVersionError, UnknownStepError } from './errors';
import { ROTATION_STEPS, type RotationEvent, type RotationStep } from './event';
import { readCurrent, readPending, readPrevious, type ReadVersion } from './read-version';
import type { RotationStrategy } from './strategy';

/** Such as Powertools' logger. Is never given a value of a secret. */
export interface RotationLog {
  info(message: string, details: Readonly<Record<string, string>>): void;
}

export interface RotationContext<S> {
  readonly secretsManager: SecretsManagerClient;
  readonly strategy: RotationStrategy<S>;
  /** The one secret that this function serves. */
  readonly secretArn: string;
  readonly log: RotationLog;
}

/** `already-current` when the version was current before, and nothing was left to do. */
export type RotationOutcome = 'done' | 'already-current';

/**
 * Carries out one step of a rotation, as Secrets Manager asks for it. Each may be asked for again after it failed or
 * was killed anywhere, and after its answer was lost: it then does what is left to do.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 *
 * @throws OtherSecretError, RotationDisabledError, RotationVersionError, UnknownStepError before anything is changed;
 *   SecretMalformedError, PendingNotUsableError; what the strategy throws; what Secrets Manager says
 */
export async function runRotationStep<S>(
  event: RotationEvent,
  context: RotationContext<S>,
): Promise<RotationOutcome> {
  const { SecretId: secretId, ClientRequestToken: token } = event;
  const { secretArn, log, strategy } = context;
  if (secretId !== secretArn) {
    throw new OtherSecretError(
      `this function rotates ${secretArn} and was asked to rotate ${secretId}; give that secret a rotation function of its own`,
    );
  }
  const step = knownStep(event);
  const told = { step, secretArn, versionId: token };
  const { current } = await versionsOf(context, token);
  if (current === token) {
    log.info('the version is current already', told);
    return 'already-current';
  }

  const read: ReadVersion<S> = { ...context, schema: strategy.schema };
  if (step === 'createSecret') await createSecret(token, context, read);
  else if (step === 'finishSecret') await finishSecret(token, current, context);
  else {
    const versions = {
      current: await readCurrent(read),
      pending: await readPending(read, token),
      previous: await readPrevious(read),
    };
    if (step === 'setSecret') await strategy.set(versions);
    else await strategy.test(versions);
  }
  log.info('the step is done', told);
  return 'done';
}

function knownStep({ Step: step }: RotationEvent): RotationStep {
  const known = ROTATION_STEPS.find((name) => name === step);
  if (known) return known;
  throw new UnknownStepError(
    `there is no step ${JSON.stringify(step)} of a rotation; it is one of ${ROTATION_STEPS.join(', ')}: let Secrets Manager call this function`,
  );
}

/** The version that is current, after the guards that hold for every step. */
async function versionsOf(
  { secretsManager, secretArn }: Pick<RotationContext<never>, 'secretsManager' | 'secretArn'>,
  token: string,
): Promise<{ readonly current: string | undefined }> {
  const secret = await secretsManager.send(new DescribeSecretCommand({ SecretId: secretArn }));
  // Absent in answers of before a rotation was ever configured: whoever calls us then is no schedule.
  if (secret.RotationEnabled === false) {
    throw new RotationDisabledError(
      `rotation of ${secretArn} is switched off; switch it on with a schedule before rotating`,
    );
  }
  const stages = secret.VersionIdsToStages ?? {};
  const current = Object.keys(stages).find((id) => stages[id]?.includes('AWSCURRENT'));
  if (current === token) return { current };
  if (!stages[token]) {
    throw new RotationVersionError(
      `${secretArn} has no version ${token}; start the rotation with RotateSecret, which makes it`,
    );
  }
  if (!stages[token].includes('AWSPENDING')) {
    throw new RotationVersionError(
      `version ${token} of ${secretArn} is not AWSPENDING, so its rotation was abandoned; start another with RotateSecret`,
    );
  }
  return { current };
}

async function createSecret<S>(
  token: string,
  { secretsManager, secretArn, strategy, log }: RotationContext<S>,
  read: ReadVersion<S>,
): Promise<void> {
  const current = await readCurrent(read);
  if ((await readPending(read, token, { orAbsent: true })) !== undefined) {
    log.info('the version has a value already, which stays', { secretArn, versionId: token });
    return;
  }
  const pending = await strategy.create({ current, previous: await readPrevious(read) });
  await secretsManager.send(
    new PutSecretValueCommand({
      SecretId: secretArn,
      ClientRequestToken: token,
      SecretString: JSON.stringify(pending),
      VersionStages: ['AWSPENDING'],
    }),
  );
}

/**
 * Makes the pending version current. AWSPENDING stays on it: beside AWSCURRENT it hinders no later rotation.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
 */
async function finishSecret(
  token: string,
  current: string | undefined,
  { secretsManager, secretArn }: Pick<RotationContext<never>, 'secretsManager' | 'secretArn'>,
): Promise<void> {
  try {
    await secretsManager.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretArn,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        // Refused when somebody has put another value meanwhile, which is then not overruled.
        RemoveFromVersionId: current,
      }),
    );
  } catch (error) {
    // The SDK sends it again when no answer comes, and then the label is where it should be.
    const now = await versionsOf({ secretsManager, secretArn }, token).catch(() => undefined);
    if (now?.current !== token) throw error;
  }
}
