import {
  findSecret,
  followRotation,
  requireRotatable,
  rotationOrder,
  startRotation,
  type FollowedRotation,
  type FollowedStep,
  type FollowRequest,
  type OperatedSecret,
} from '../core/secrets/operate';
import { GoLiveError } from '../core/shared/errors';
import { counted, duration } from '../core/shared/units';
import { recorded } from './audit';
import { requireYes } from './confirm';
import type { Console } from './console';
import type { Environment } from './environment';
import { SecretsNotRotatedError, StoppedError, UsageError } from './errors';

export interface SecretsRotateOptions {
  readonly yes?: boolean;
  readonly timeoutMinutes?: number;
}

/** Stops it, and tells the time for tests. */
export type RotateTimes = { readonly signal: AbortSignal } & Pick<FollowRequest, 'clock' | 'pause'>;

interface Rotated {
  readonly name: string;
  readonly outcome: 'rotated';
  readonly from: string | null;
  readonly to: string;
  readonly replaced: boolean;
  readonly seconds: number;
}

/** A function may take ten minutes for the cache's user, and Secrets Manager tries a failed one again. */
const TIMEOUT_MINUTES = 15;

/**
 * `golive secrets rotate`: one by one, and no further after the first failure: whatever made that one fail may make
 * the next one fail, too.
 *
 * @throws NotConfirmedError, SecretNotRotatableError, NoSuchSecretError, StoppedError; SecretsNotRotatedError when
 *   one of several failed; RotationTimeoutError, RotationAbandonedError, SecretUnavailableError
 */
export async function secretsRotate(
  environment: Environment,
  output: Console,
  name: string,
  options: SecretsRotateOptions,
  times: RotateTimes,
): Promise<void> {
  const { secrets } = await environment.secrets();
  const chosen = name === 'all' ? rotationOrder(secrets) : [findSecret(secrets, name)];
  for (const secret of chosen) requireRotatable(secret);
  if (chosen.length === 0)
    throw new UsageError('this environment has no secret that rotates; golive secrets list');
  output.say(chosen.map((secret) => `${secret.name}: ${CONSEQUENCE[secret.kind]}`).join('\n'));
  const question = chosen.length === 1 ? `Rotate ${name}?` : `Rotate ${counted(chosen.length, 'secret')}?`;
  await requireYes(output, options, question);

  const done: Rotated[] = [];
  for (const [index, secret] of chosen.entries()) {
    try {
      done.push(await rotateOne(environment, output, secret, options, times));
    } catch (error) {
      if (done.length > 0 && output.json) output.result('', done);
      throw chosen.length === 1 ? error : stoppedAt(chosen, index, error);
    }
    output.say(saidOf(done.at(-1)!));
  }
  output.result(
    `${counted(done.length, 'secret')} rotated; who reads one at its start is deployed anew: golive secrets list shows who has not picked it up`,
    done,
  );
}

async function rotateOne(
  environment: Environment,
  output: Console,
  secret: OperatedSecret,
  { timeoutMinutes = TIMEOUT_MINUTES }: SecretsRotateOptions,
  times: RotateTimes,
): Promise<Rotated> {
  const { secretsManager } = environment;
  const { signal } = times;
  return await recorded(environment, output, 'secret.rotate', secret.arn, async (note) => {
    note({ name: secret.name });
    try {
      signal.throwIfAborted();
      output.progress(`${secret.name}: asking for a rotation`);
      const started = await startRotation(secretsManager, secret);
      note({ from: started.before.current, to: started.versionId, reattempt: started.isReattempt });
      if (started.isReattempt) {
        output.say(
          `a previous rotation of ${secret.name} is not complete; Secrets Manager tries that one again, and it is followed here`,
        );
      }
      const followed = await followRotation({
        secretsManager,
        secret,
        started,
        timeoutMinutes,
        ...times,
        onStep: (step) => output.progress(`${secret.name}: ${STEPS[step]}`),
      });
      note({ to: followed.to, replaced: followed.isReplaced });
      return rotatedOf(secret, followed);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new StoppedError(
        `stopped; a rotation of ${secret.name} that has begun goes on without us. golive secrets list shows where it stands`,
        { cause: error },
      );
    }
  });
}

function rotatedOf({ name }: OperatedSecret, followed: FollowedRotation): Rotated {
  const { from, to, isReplaced, milliseconds } = followed;
  return {
    name,
    outcome: 'rotated',
    from: from ?? null,
    to,
    replaced: isReplaced,
    seconds: Math.round(milliseconds) / 1000,
  };
}

function saidOf({ name, to, replaced, seconds }: Rotated): string {
  return `${name}: version ${to} ${replaced ? 'was made current, and another has taken its place since' : 'is current'}, after ${duration(seconds * 1000)}`;
}

function stoppedAt(chosen: readonly OperatedSecret[], index: number, error: unknown): Error {
  const names = (secrets: readonly OperatedSecret[]) => secrets.map(({ name }) => name).join(', ') || 'none';
  const said = error instanceof GoLiveError ? `${error.code}: ${error.message}` : String(error);
  return new SecretsNotRotatedError(
    `${names(chosen.slice(index, index + 1))} failed: ${said}\nrotated: ${names(chosen.slice(0, index))}. Not rotated: ${names(chosen.slice(index + 1))}; mend the first, and then rotate these`,
    { cause: error },
  );
}

const STEPS: Readonly<Record<FollowedStep, string>> = {
  asked: 'asked for',
  reattempted: 'tried again',
  pending: 'the new version is pending; its function makes it, sets it and tests it',
  current: 'the new version is current',
};

const CONSEQUENCE: Readonly<Record<OperatedSecret['kind'], string>> = {
  'alternating-user':
    'the other of its two logins gets a new password and takes over; the present one works until the next rotation',
  'single-user': 'its login gets a new password; the old one is refused from then on',
  'key-ring':
    'the next key becomes the current one, if it has been published for long enough; no key that is needed goes',
  'cache-user': 'its user gets a second password; the present one works until the next rotation',
  'set-by-people': 'people set it',
};
