import type { DBInstance } from '@aws-sdk/client-rds';
import type { PostgresEndpoint } from '../../../postgres/endpoint';
import { DatabaseAuthenticationError, DatabaseConnectionError } from '../../../postgres/errors';
import { withSession } from '../../../postgres/session';
import { saidBy } from '../../../shared/errors';
import { proveSmoke, type SmokeStatement } from '../../verify/smoke';
import { InstanceLoginError } from './errors';
import type { InstanceSession } from './place';
import { modify, pause } from './rds';
import { untilAvailable } from './settle';

/** How the new instance is asked whether it is the one that clients need. */
export interface LoginCheck {
  /** The administrator's present name and password, whatever place they are of. */
  readonly administrator: () => Promise<PostgresEndpoint>;
  /**
   * Connects as that administrator and asks what must be true. `DatabaseAuthenticationError`, and only it, leads to
   * the password being set; a `DatabaseConnectionError` that may pass leads to another try.
   */
  readonly connect: (endpoint: PostgresEndpoint, signal: AbortSignal | undefined) => Promise<void>;
}

/** `not-run`: nobody gave a check, such as from a machine that does not reach the VPC. Never a pass. */
export type LoginOutcome = 'accepted' | 'accepted-after-reset' | 'not-run';

const STATEMENT_TIMEOUT_MS = 60_000;

/** Connects over verified TLS, asks for one row, and then the team's own questions. */
export function connectAndAsk(smoke: readonly SmokeStatement[] = []): LoginCheck['connect'] {
  return async (endpoint, signal) => {
    const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, signal };
    await withSession(endpoint, 'golive-restore', limits, (client) => client.query('SELECT 1'));
    if (smoke.length === 0) return;
    const outcome = await proveSmoke(endpoint, smoke, limits);
    if (outcome.status !== 'passed') {
      throw new InstanceLoginError(
        `${endpoint.host} answers, and not as it must: ${outcome.detail}; look at its data before you use it, or take another backup`,
      );
    }
  };
}

/** A new password is in force some moments after RDS took it, and a new name known. 10 minutes. */
const TRIES = 40;

/**
 * A snapshot keeps the passwords of its time. When the administrator's present one is refused, it is set.
 *
 * @throws InstanceLoginError; what `connect` throws
 */
export async function proveLogin(
  session: InstanceSession,
  name: string,
  check: LoginCheck | undefined,
  { mayReset = true }: { readonly mayReset?: boolean } = {},
): Promise<LoginOutcome> {
  if (!check) return 'not-run';
  const administrator = await check.administrator();
  let outcome: LoginOutcome = 'accepted';
  for (let left = TRIES; ; left--) {
    const instance = await untilAvailable(session, name);
    session.progress('login', name);
    try {
      await check.connect(placeOf(instance, administrator), session.signal);
      return outcome;
    } catch (error) {
      const isRefused = error instanceof DatabaseAuthenticationError;
      const mayPass = isRefused || (error instanceof DatabaseConnectionError && error.retryable);
      if (!mayPass) throw error;
      if (isRefused && mayReset && outcome === 'accepted') {
        await setPassword(session, instance, administrator);
        outcome = 'accepted-after-reset';
      } else if (left === 0 || (isRefused && !mayReset)) throw refusedError(name, error);
    }
    await pause(session, `logging in to ${name}`);
  }
}

async function setPassword(
  session: InstanceSession,
  { DBInstanceIdentifier: name = '', MasterUsername: master }: DBInstance,
  { user, password }: PostgresEndpoint,
): Promise<void> {
  if (master !== undefined && master !== user) {
    throw new InstanceLoginError(
      `${name} was made with administrator "${master}", and the secret is of "${user}", whose password RDS can't set: log in as "${master}" and set it, or restore a backup of this environment`,
    );
  }
  session.progress('reset-password', name);
  await modify(session, name, { MasterUserPassword: password }, `the password of ${name} could not be set`);
}

function placeOf(
  { DBInstanceIdentifier, Endpoint }: DBInstance,
  administrator: PostgresEndpoint,
): PostgresEndpoint {
  if (Endpoint?.Address === undefined || Endpoint.Port === undefined) {
    throw new InstanceLoginError(
      `RDS shows no address of ${DBInstanceIdentifier}, though it is available: run the same command again`,
    );
  }
  return { ...administrator, host: Endpoint.Address, port: Endpoint.Port };
}

function refusedError(name: string, cause: unknown): InstanceLoginError {
  return new InstanceLoginError(
    `${name} is available and nobody could log in to it: ${saidBy(cause)}. Run the same command again from a machine that reaches it, or leave the login out with --no-login, which proves less`,
    { cause },
  );
}
