import * as z from 'zod';
import { jsonOrUndefined } from '../../shared/json';
import { KeyRingUnfitError } from '../key-ring/errors';
import { keyOf, KeyRing } from '../key-ring/ring';
import { proveRollback } from '../key-ring/rollback';
import { RollbackRefusedError } from './errors';
import { RUNBOOK, type OperatedSecret } from './secret';
import { checkedThirdPartyValue } from './third-party-value';

/**
 * Logs in with the previous version's credentials and proves that they do what the current one's do.
 *
 * @returns what was proven, in words
 * @throws RollbackRefusedError when they do not, or when nobody can say
 */
export type LoginProof = (secret: OperatedSecret, values: VersionValues) => Promise<string>;

export interface VersionValues {
  readonly current: string;
  readonly previous: string;
}

/**
 * Whether the previous version would do in place of the current one.
 *
 * @returns what was proven, in words
 * @throws RollbackRefusedError
 */
export async function checkPrevious(
  secret: OperatedSecret,
  values: VersionValues,
  proveLogin: LoginProof,
): Promise<string> {
  switch (secret.kind) {
    case 'alternating-user':
    case 'single-user':
      requireSameServer(secret, values);
      return await proveLogin(secret, values);
    case 'cache-user':
      // No API of ElastiCache says which passwords a user has, and its secret does not say where to log in.
      throw new RollbackRefusedError(
        `nobody can tell whether the cache still takes the previous version of "${secret.name}"; rotate instead, which adds a new password before it takes the older one away: golive secrets rotate ${secret.name}`,
      );
    case 'key-ring':
      return await proveNoKeyLost(secret, values);
    case 'set-by-people':
      return requireRightShape(secret, values.previous);
  }
}

const Server = z.object({ host: z.string().min(1), port: z.coerce.number().optional() });

/** A version of another server would send everybody there, and its login proves nothing about ours. */
function requireSameServer({ name }: OperatedSecret, { current, previous }: VersionValues): void {
  const [now, before] = [current, previous].map((value) => Server.safeParse(jsonOrUndefined(value)));
  // A current version that cannot be read may be what is to be rolled back.
  if (!now?.success || !before?.success) return;
  if (now.data.host === before.data.host && now.data.port === before.data.port) return;
  throw new RollbackRefusedError(
    `the previous version of "${name}" is of ${before.data.host}:${before.data.port ?? ''}, and the current one of ${now.data.host}:${now.data.port ?? ''}, so it is no way back; correct the address with the Database stack, and rotate. ${RUNBOOK.rollback}`,
  );
}

/**
 * A key that has signed or encrypted must stay in the ring, or tokens and data that carry its id become unreadable:
 * a *next* key has done neither, so it alone may be lost.
 */
async function proveNoKeyLost(
  { name }: OperatedSecret,
  { current, previous }: VersionValues,
): Promise<string> {
  const [now, before] = [current, previous].map((value) => KeyRing.safeParse(jsonOrUndefined(value)));
  if (!before?.success) {
    throw new RollbackRefusedError(
      `the previous version of "${name}" is no key ring with keys in it, so nobody could verify or decrypt with it; rotate instead: golive secrets rotate ${name}. ${RUNBOOK.rollback}`,
    );
  }
  if (!now?.success) {
    throw new RollbackRefusedError(
      `the current version of "${name}" is no key ring, so which keys it has used cannot be told; see who set it with golive audit --action secret. ${RUNBOOK.rollback}`,
    );
  }
  try {
    await proveRollback(now.data, before.data, new Date());
  } catch (error) {
    if (!(error instanceof KeyRingUnfitError)) throw error;
    throw new RollbackRefusedError(`"${name}" is not rolled back: ${error.message}. ${RUNBOOK.rollback}`, {
      cause: error,
    });
  }
  const dropped = now.data.keys.filter(({ kid }) => !keyOf(before.data, kid)).map(({ kid }) => kid);
  return `every key that was used is in it, and each of its keys works${dropped.length > 0 ? `; ${dropped.join(', ')}, which was not used, is dropped` : ''}`;
}

/** Whether a third party still takes the value, only the third party knows. */
function requireRightShape(secret: OperatedSecret, previous: string): string {
  try {
    checkedThirdPartyValue(secret, previous);
  } catch (error) {
    throw new RollbackRefusedError(
      `the previous version of "${secret.name}" is no value of its kind (it was perhaps never set); set it: golive secrets set ${secret.name}`,
      { cause: error },
    );
  }
  return 'it has the right form; whether the third party still takes it, nobody can tell from here';
}
