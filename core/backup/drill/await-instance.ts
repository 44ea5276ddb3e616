import type { DBInstance } from '@aws-sdk/client-rds';
import type { PostgresEndpoint } from '../../postgres/endpoint';
import { DatabaseAuthenticationError, DatabaseConnectionError } from '../../postgres/errors';
import { withSession } from '../../postgres/session';
import { GoLiveError } from '../../shared/errors';
import { adviceOn, verdictOn } from '../snapshot/instance-state';
import { describeInstance, type RdsSession } from '../snapshot/rds-calls';
import { ThrowAwayInstanceError } from './errors';
import { deleteInstance, setMasterPassword } from './rds-calls';

/** RDS restored the snapshot and what came of it is no database. */
export class InstanceBrokenError extends GoLiveError {
  readonly code = 'InstanceBrokenError';
}

const POLL_MS = 15_000;
/** Looks in a row that find nothing before we believe it: RDS may take a moment to show what it just accepted. */
const MISSES = 4;

/** States that speak against the snapshot; the others that do not pass speak of capacity, network or settings. */
const BROKEN: ReadonlySet<string> = new Set([
  'failed',
  'restore-error',
  'incompatible-restore',
  'inaccessible-encryption-credentials',
  'inaccessible-encryption-credentials-recoverable',
]);

/**
 * Looks until the instance is available and has an address.
 *
 * @throws InstanceBrokenError, ThrowAwayInstanceError; the signal's reason
 */
export async function awaitInstance(session: RdsSession, identifier: string): Promise<DBInstance> {
  for (let misses = 0; ;) {
    const instance = await describeInstance(session, identifier);
    const state = instance?.DBInstanceStatus ?? 'creating';
    misses = instance ? 0 : misses + 1;
    if (misses >= MISSES)
      throw new ThrowAwayInstanceError(`${identifier} disappeared; see in CloudTrail who deleted it`);
    if (instance?.Endpoint?.Address && verdictOn(state) === 'take') return instance;
    if (BROKEN.has(state)) {
      throw new InstanceBrokenError(
        `${identifier} came out of its snapshot as ${state}; ${adviceOn(state)}, and take the snapshot before it`,
      );
    }
    if (verdictOn(state) === 'stop') {
      throw new ThrowAwayInstanceError(
        `${identifier} came up as ${state}; ${adviceOn(state)}, and drill again`,
      );
    }
    await pause(session, `${identifier} is still ${state}`);
  }
}

/**
 * Logs in to a restored instance, as the live one's administrator. A snapshot keeps the passwords of its time: when
 * the present one is refused, the instance is given a new one, which nobody keeps.
 *
 * @throws ThrowAwayInstanceError, the errors of `withSession`; the signal's reason
 */
export async function logIn(
  session: RdsSession,
  instance: DBInstance,
  live: PostgresEndpoint,
  newPassword: () => string,
): Promise<{ endpoint: PostgresEndpoint; how: string }> {
  const { DBInstanceIdentifier: identifier = '', Endpoint: address } = instance;
  let endpoint: PostgresEndpoint = {
    ...live,
    host: address?.Address ?? '',
    port: address?.Port ?? live.port,
  };
  let how = "with the live database's password";
  const limits = { signal: session.signal, statementTimeoutMs: 30_000 };
  for (;;) {
    try {
      await withSession(endpoint, 'golive-drill', limits, (client) => client.query('SELECT'));
      return { endpoint, how };
    } catch (error) {
      const isRefused = error instanceof DatabaseAuthenticationError;
      if (!isRefused && !(error instanceof DatabaseConnectionError && error.retryable)) throw error;
      if (isRefused && endpoint.password === live.password) {
        endpoint = { ...endpoint, password: newPassword() };
        how = 'with a password that was set for it: the snapshot knew an older one';
        await setMasterPassword(session, identifier, endpoint.password);
        continue;
      }
      // A new password takes a minute, and so may a new address.
      await pause(session, `${identifier} lets nobody in yet (${error.message})`);
    }
  }
}

/**
 * Deletes an instance, as often as its state does not allow it yet.
 *
 * @param options `untilGone`: whether to wait for the end of the deletion
 * @throws ThrowAwayInstanceError when it is still there when the time is over
 */
export async function awaitRemoval(
  session: RdsSession,
  identifier: string,
  { untilGone }: { readonly untilGone: boolean },
): Promise<void> {
  for (;;) {
    const outcome = await deleteInstance(session, identifier);
    if (outcome === 'gone') return;
    if (!untilGone) break;
    if (outcome === 'deleting') {
      while (await describeInstance(session, identifier))
        await pause(session, `${identifier} is still being deleted`);
      return;
    }
    await pause(session, `${identifier} cannot be deleted yet`);
  }
  throw new ThrowAwayInstanceError(
    `nobody waited for ${identifier} to be deleted; the next drill deletes it if it is still there when its time is over`,
  );
}

async function pause({ clock, deadline, signal }: RdsSession, what: string): Promise<void> {
  if (clock.now().getTime() + POLL_MS > deadline.getTime()) {
    throw new ThrowAwayInstanceError(
      `${what} after all the time that was given; look at its recent events in the RDS console`,
    );
  }
  await clock.sleep(POLL_MS, signal);
}
